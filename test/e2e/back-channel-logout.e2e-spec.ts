import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type VersioningOptions, VersioningType } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MemoryRevocationStore, type RevocationStore } from 'nestjs-roomgate';
import type { TestConnection, TokenRequest } from 'nestjs-roomgate/testing';
import { CANARY, expectNoCanary } from '../support/canary.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { dial } from '../support/dial.js';
import { inProduction } from '../support/env.js';
import { expectProblem } from '../support/expect-problem.js';
import { LOGOUT_HEADER, logoutClaims, ODD_LOGOUTS } from '../support/logout-tokens.js';
import { post } from '../support/post-form.js';
import { ask, type RawAnswer, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';

const ROOM = randomUUID();
const PATH = '/auth/logout';

class FailingStore extends MemoryRevocationStore implements RevocationStore {
  override add(): never {
    throw new Error(CANARY);
  }
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('Back-channel logout on %s', (_name, http) => {
  const logger = new CapturedLogger();
  let app: RoomApp;

  const start = async (options: RoomAppOptions = {}): Promise<void> => {
    app = await startRoomApp({
      http: http(),
      logger,
      defaultGateway: '/:room',
      backChannelLogout: PATH,
      ...options,
    });
  };

  afterEach(async () => {
    await app.close();
    logger.text = '';
  });

  const mint = (others: object = {}, header: object = LOGOUT_HEADER): string =>
    app.issuer.sign(header, logoutClaims(app.issuer, app.clock.now(), others));
  const send = (token: string): Promise<RawAnswer> => post(app.port, PATH, `logout_token=${token}`);
  const enter = (request: TokenRequest = {}): Promise<TestConnection> =>
    dial(app.port, `/${ROOM}`, app.issuer.mint({ rooms: [ROOM], ...request }));
  const knock = (token: string): Promise<RawAnswer> =>
    ask(
      app.port,
      upgradeBytes({ target: `/${ROOM}`, headers: [`Authorization: Bearer ${token}`] }),
    );

  /** The whole answer: nothing that a proxy may keep, and no details. */
  function expectAnswer({ status, headers, body }: RawAnswer, wanted: number): void {
    expect(status).toBe(wanted);
    expect(headers['cache-control']).toBe('no-store');
    const error = wanted === 400 ? 'invalid_request' : 'temporarily_unavailable';
    expect(String(body)).toBe(wanted === 200 ? '' : JSON.stringify({ error }));
  }

  it('ends what the subject was issued, and lets in what is issued after it', async () => {
    await start();
    const [alice, bob] = [await enter(), await enter({ sub: 'bob' })];
    const old = app.issuer.mint({ rooms: [ROOM] });
    expectAnswer(await send(mint({ sub: 'alice' })), 200);
    await alice.expectClosed(4440);
    expect(bob.socket.readyState).toBe(bob.socket.OPEN);
    expectProblem(await knock(old), 401, 'token_revoked');
    app.clock.advance(1_000);
    const again = await enter();
    await again.close();
  });

  it('lets a sign-in of the next second in, with the same tolerance of clocks for everything else', async () => {
    await start();
    const nowS = Math.floor(app.clock.now() / 1000);
    for (const sid of [undefined, 's1']) {
      const sub = `alice ${sid}`;
      expectAnswer(await send(mint({ sub, sid, iat: nowS })), 200);
      const at = (iat: number): string =>
        app.issuer.mint({ sub, rooms: [ROOM], claims: { iat, exp: iat + 600 } });
      for (const iat of [nowS - 600.5 + 10, nowS - 1, nowS, nowS + 0.9])
        expectProblem(await knock(at(iat)), 401, 'token_revoked');
      for (const iat of [nowS + 1, nowS + 1.4, nowS + 4]) {
        const client = await dial(app.port, `/${ROOM}`, at(iat));
        await client.close();
      }
    }
  });

  it('refuses a sign-in within logoutToleranceMs, for issuers whose clocks differ', async () => {
    await start({ roomgate: { logoutToleranceMs: 2_000 } });
    const nowS = Math.floor(app.clock.now() / 1000);
    expectAnswer(await send(mint({ sub: 'alice', iat: nowS + 0.7 })), 200);
    const at = (iat: number): string =>
      app.issuer.mint({ rooms: [ROOM], claims: { iat, exp: iat + 600 } });
    expectProblem(await knock(at(nowS + 2.9)), 401, 'token_revoked');
    const client = await dial(app.port, `/${ROOM}`, at(nowS + 3));
    await client.close();
  });

  it('ends a session for good, whenever its tokens are issued', async () => {
    await start();
    expectAnswer(await send(mint({ sid: 's1' })), 200);
    app.clock.advance(60_000);
    const token = app.issuer.mint({ rooms: [ROOM], claims: { sid: 's1' } });
    expectProblem(await knock(token), 401, 'token_revoked');
    const other = await enter({ claims: { sid: 's2' } });
    await other.close();
  });

  it('does nothing to a new sign-in when the token is sent again', async () => {
    await start();
    const token = mint({ sub: 'alice', sid: 's1' });
    expectAnswer(await send(token), 200);
    app.clock.advance(10_000);
    const clients = [await enter(), await enter({ claims: { sid: 's2' } })];
    expectAnswer(await send(token), 400);
    // As another node would do that has not seen the first one, or after a restart.
    const { iat } = JSON.parse(
      Buffer.from(token.split('.')[1] as string, 'base64url').toString(),
    ) as { iat: number };
    expectAnswer(await send(mint({ sub: 'alice', sid: 's1', iat })), 200);
    for (const client of clients) {
      expect((await client.request('echo', 1)).event).toBe('echo');
      await client.close();
    }
  });

  it('ends one session with sid, and what names no session with sub besides', async () => {
    await start();
    const [one, other, none] = [
      await enter({ claims: { sid: 's1' } }),
      await enter({ claims: { sid: 's2' } }),
      await enter(),
    ];
    expectAnswer(await send(mint({ sid: 's1' })), 200);
    await one.expectClosed(4440);
    expect((await none.request('echo', 1)).event).toBe('echo');
    expectAnswer(await send(mint({ sub: 'alice', sid: 's1' })), 200);
    await none.expectClosed(4440);
    expect((await other.request('echo', 1)).event).toBe('echo');
    expectProblem(
      await knock(app.issuer.mint({ rooms: [ROOM], claims: { sid: 's1' } })),
      401,
      'token_revoked',
    );
    await other.close();
  });

  it.each(ODD_LOGOUTS)('refuses a token with %s, without details', async (_what, claims) => {
    await start();
    const client = await enter();
    const token = mint({ sub: 'alice', secret: CANARY, ...claims });
    const answer = await send(token);
    expectAnswer(answer, 400);
    expectNoCanary(logger.text + answer.bytes.toString(), token);
    expect((await client.request('echo', 1)).event).toBe('echo');
    await client.close();
  });

  it('takes no access token for a logout token, whatever it claims', async () => {
    await start();
    const client = await enter();
    expectAnswer(await send(app.issuer.mint()), 400);
    for (const typ of ['JWT', 'at+jwt', undefined])
      expectAnswer(await send(mint({ sub: 'alice' }, { alg: 'ES256', typ })), 400);
    expect((await client.request('echo', 1)).event).toBe('echo');
    await client.close();
  });

  it('lets no logout token in, whatever its type', async () => {
    await start();
    for (const typ of ['logout+jwt', 'JWT', 'at+jwt', undefined]) {
      const token = mint({ sub: 'alice', rooms: [ROOM] }, { alg: 'ES256', typ });
      expectProblem(await knock(token), 401, 'token_invalid');
    }
    // Not even one that was believed a moment ago.
    const token = mint({ sub: 'bob', rooms: [ROOM] });
    expectAnswer(await send(token), 200);
    app.clock.advance(10_000);
    expectProblem(await knock(token), 401, 'token_invalid');
  });

  it('wants a form of at most 8 KiB with one token', async () => {
    await start();
    const token = mint({ sub: 'alice' });
    const body = `logout_token=${token}`;
    const bad: Promise<RawAnswer>[] = [
      post(app.port, PATH, ''),
      post(app.port, PATH, `token=${token}`),
      post(app.port, PATH, `${body}&${body}`),
      post(app.port, PATH, `logout_token[x]=${token}`),
      post(app.port, PATH, JSON.stringify({ logout_token: token }), { type: 'application/json' }),
      post(app.port, PATH, `${body}&x=${'y'.repeat(8_192)}`),
      post(app.port, PATH, `${body}&x=${'y'.repeat(8_192)}`, { chunked: true }),
      post(app.port, `${PATH}?${body}`, ''),
    ];
    for (const answer of await Promise.all(bad)) expectAnswer(answer, 400);
    expectAnswer(await post(app.port, PATH, `x=y&${body}`, { chunked: true }), 200);
    expectNoCanary(logger.text, token);
  });

  it('passes the turnstile of the door', async () => {
    await start();
    const turn = jest.spyOn(app.node.admission, 'turn');
    expectAnswer(await send(mint({ sub: 'alice' })), 200);
    expect(turn).toHaveBeenCalledTimes(1);
    // A turn that others have used up.
    while (!app.node.admission.turn()) continue;
    expectAnswer(await send(mint({ sub: 'alice' })), 200);
  });

  it('answers 503 when the store fails, and says nothing of why', async () => {
    await inProduction(() => start({ revocationStore: FailingStore }));
    const token = mint({ sub: 'alice' });
    const answer = await send(token);
    expectAnswer(answer, 503);
    expectNoCanary(logger.text + answer.bytes.toString(), token);
    expect(logger.text).toContain('Logout refused: 503 logout_unavailable');
  });

  it('has the limits of the door for each address, counted apart from those of upgrades', async () => {
    await start({ roomgate: { maxUpgradesPerAddress: 2, trustProxyHops: 1 } });
    const from = (address: string, token = mint({ sub: 'alice' })): Promise<RawAnswer> => {
      const body = `logout_token=${token}`;
      return ask(
        app.port,
        `POST ${PATH} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Forwarded-For: ${address}\r\n` +
          `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    };
    for (let n = 0; n < 2; n++) expectAnswer(await from('192.0.2.1', 'a.b.c'), 400);
    const refused = await from('192.0.2.1');
    expectAnswer(refused, 429);
    expect(refused.headers['retry-after']).toBe('1');
    expectAnswer(await from('192.0.2.2'), 200);
    for (let n = 0; n < 2; n++) expectProblem(await knock('a.b.c'), 401, 'token_invalid');
    expectProblem(await knock('a.b.c'), 429, 'too_many_upgrades');
    expectAnswer(await from('192.0.2.2'), 200);
  });

  it('stands behind the global prefix, and answers POST alone', async () => {
    await start({ configure: (nest) => nest.setGlobalPrefix('api') });
    expectAnswer(await post(app.port, `/api${PATH}`, `logout_token=${mint({ sub: 'a' })}`), 200);
    for (const request of [`GET /api${PATH}`, `POST ${PATH}`]) {
      const bytes = `${request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      expect((await ask(app.port, bytes)).status).toBe(404);
    }
  });

  it.each([
    ['by URL', { type: VersioningType.URI, defaultVersion: '1' }],
    ['by header', { type: VersioningType.HEADER, header: 'X-Version', defaultVersion: '1' }],
    ['by media type', { type: VersioningType.MEDIA_TYPE, key: 'v=', defaultVersion: '1' }],
  ] as [string, VersioningOptions][])(
    'has no version in an app that is versioned %s',
    async (_versioned, options) => {
      await start({ configure: (nest) => nest.enableVersioning(options) });
      expectAnswer(await send(mint({ sub: 'alice' })), 200);
    },
  );

  it('needs no parser of bodies, or says at boot that it does', async () => {
    await start({ bodyParser: false });
    const answer = await send(mint({ sub: 'alice' }));
    if (app.app.getHttpAdapter().getType() === 'fastify') {
      expect(answer.status).toBe(415);
      expect(logger.text).toContain('this Fastify app parses no forms (bodyParser: false)');
      return;
    }
    expectAnswer(answer, 200);
    const token = mint({ sub: 'bob' });
    expectAnswer(await post(app.port, PATH, `x=y&logout_token=${token}`, { chunked: true }), 200);
    const long = `logout_token=${mint({ sub: 'carol' })}&x=${'y'.repeat(8_192)}`;
    expectAnswer(await post(app.port, PATH, long), 400);
    expectAnswer(await post(app.port, PATH, long, { chunked: true }), 400);
    expect(logger.text).not.toContain('parses no forms');
  });

  it('is not there unless it is asked for', async () => {
    await start({ backChannelLogout: undefined });
    expect((await send(mint({ sub: 'alice' }))).status).toBe(404);
  });
});

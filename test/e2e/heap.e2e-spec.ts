import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { dial } from '../support/dial.js';
import { ecPair } from '../support/key-ring.js';
import { LOGOUT_HEADER, logoutClaims } from '../support/logout-tokens.js';
import { post } from '../support/post-form.js';
import { ask, upgradeBytes } from '../support/raw-http.js';
import { encodePart, signToken } from '../support/sign-token.js';
import { TempFiles } from '../support/temp-files.js';
import '../support/process-budget.js';

const ISSUER = { issuer: 'https://id.test', audience: 'chat' };
const ROOM = randomUUID();
const child = (name: string): string =>
  fileURLToPath(new URL(`../support/child/${name}`, import.meta.url));

/** Snapshots of a whole Nest app take their time on a busy machine. */
const TIMEOUT_MS = 120_000;

describe('After its verdict nothing of a token', () => {
  const { publicKey, privateKey } = ecPair();
  const files = new TempFiles();
  /** Tokens that were sent, by what became of them. */
  const sent = new Map<string, string>();
  let app: ChildProcess;
  let port: number;

  const answer = async (message: object): Promise<Record<string, unknown>> => {
    const replied = once(app, 'message');
    app.send(message);
    const [reply] = (await replied) as [Record<string, unknown>];
    return reply;
  };

  beforeAll(async () => {
    const issuer = {
      ...ISSUER,
      algorithms: ['ES256'],
      keys: [publicKey.export({ format: 'jwk' })],
    };
    app = fork(child('heap-app.ts'), [JSON.stringify([issuer])], {
      execArgv: ['--import', child('register.mjs')],
    });
    const [message] = (await once(app, 'message')) as [{ port: number }];
    ({ port } = message);
  }, TIMEOUT_MS);

  afterAll(async () => {
    files.remove();
    app.send({ close: true });
    await once(app, 'exit');
  }, TIMEOUT_MS);

  /** A token that nothing else resembles, with a header of its own. */
  function mint(what: string, claims: object = {}, header: object = {}, key = privateKey): string {
    const nowS = Math.floor(Date.now() / 1000);
    const all = { ...ISSUER, iss: ISSUER.issuer, aud: ISSUER.audience, sub: what, iat: nowS };
    const kid = randomBytes(18).toString('base64url');
    const secret = randomBytes(60).toString('base64url');
    const token = signToken(
      { alg: 'ES256', typ: 'JWT', kid, ...header },
      { ...all, exp: nowS + 600, rooms: [ROOM], secret, ...claims },
      key,
      'ES256',
    );
    sent.set(what, token);
    return token;
  }

  const knock = async (...lines: string[]): Promise<number> => {
    const { status } = await ask(
      port,
      upgradeBytes({ target: `/${ROOM}`, headers: lines.map((line) => `Authorization: ${line}`) }),
    );
    return status;
  };

  /** Pieces of the parts of a token; the payload's is of a claim that the principal keeps, but not in this form. */
  const piecesOf = (token: string): string[] =>
    token
      .split('.')
      .slice(1)
      .map((part) => part.slice(-60, -20));

  async function expectForgotten(): Promise<void> {
    const { lastInput } = await answer({});
    const path = files.write('heap.heapsnapshot', '');
    await answer({ snapshot: path });
    const heap = readFileSync(path);
    // Strings are in there: what is looked for would be found.
    expect(heap.includes(ISSUER.issuer)).toBe(true);
    const found = [...sent].filter(([, token]) =>
      piecesOf(token).some((piece) => heap.includes(piece) || String(lastInput).includes(piece)),
    );
    expect(found.map(([what]) => what)).toEqual([]);
    sent.clear();
  }

  async function expectNoLastMatch(what: string): Promise<void> {
    const { lastInput } = await answer({});
    const pieces = [...sent.values()].flatMap(piecesOf);
    expect([what, pieces.filter((piece) => String(lastInput).includes(piece))]).toEqual([what, []]);
  }

  it(
    'is in the heap, whoever was admitted or refused, and whoever is still connected',
    async () => {
      const stranger = ecPair().privateKey;
      const past = { iat: 1_000, exp: 2_000 };
      const refused: [string, string, number][] = [
        ['forged', `Bearer ${mint('forged', {}, {}, stranger)}`, 401],
        ['expired', `Bearer ${mint('expired', past)}`, 401],
        ['of another issuer', `Bearer ${mint('of another issuer', { iss: 'x' })}`, 401],
        ['for another audience', `Bearer ${mint('for another audience', { aud: 'x' })}`, 401],
        [
          'of another algorithm',
          `Bearer ${mint('of another algorithm', {}, { alg: 'RS256' })}`,
          401,
        ],
        ['of another type', `Bearer ${mint('of another type', {}, { typ: 'x' })}`, 401],
        ['with an odd header', `Bearer ${mint('with an odd header', {}, { crit: [] })}`, 401],
        ['with odd claims', `Bearer ${mint('with odd claims', { exp: 'x' })}`, 401],
        ['for another room', `Bearer ${mint('for another room', { rooms: [] })}`, 403],
        ['in quotes', `Bearer "${mint('in quotes')}"`, 400],
        ['without a scheme', mint('without a scheme'), 400],
        ['with a dot too many', `Bearer ${mint('with a dot too many')}.`, 401],
        ['with a padded signature', `Bearer ${mint('with a padded signature')}=`, 401],
      ];
      for (const [what, line, status] of refused) {
        expect([what, await knock(line)]).toEqual([what, status]);
        await expectNoLastMatch(what);
      }
      const doubled = `Bearer ${mint('doubled')}`;
      expect(await knock(doubled, doubled)).toBe(400);
      const target = `/${ROOM}?access_token=${mint('in the query')}`;
      expect((await ask(port, upgradeBytes({ target }))).status).toBe(400);
      await expectNoLastMatch('in the query');
      const connections: TestConnection[] = [];
      for (const what of ['admitted', 'admitted and gone', 'admitted again']) {
        connections.push(await dial(port, `/${ROOM}`, mint(what)));
        await expectNoLastMatch(what);
      }
      await connections[1]?.close();
      await expectForgotten();
      for (const at of [0, 2]) await connections[at]?.close();
    },
    TIMEOUT_MS,
  );

  it(
    'is in the heap after a refresh or a sign-out, done or refused',
    async () => {
      const connection = await dial(port, `/${ROOM}`, mint('refreshed', { sub: 'alice' }));
      const refresh = async (token: string): Promise<string> =>
        (await connection.request('auth.refresh', { token })).event;
      expect(await refresh(mint('new', { sub: 'alice' }))).toBe('auth.refreshed');
      const another = mint('of somebody else', { sub: 'bob' });
      expect(await refresh(another)).toBe('exception');
      expect(await refresh(`${mint('odd', { sub: 'alice' })}.`)).toBe('exception');
      await expectNoLastMatch('odd');
      expect(await refresh(mint('newest', { sub: 'alice' }))).toBe('auth.refreshed');
      await expectNoLastMatch('newest');
      for (const [what, key] of [
        ['a sign-out', privateKey],
        ['a forged sign-out', ecPair().privateKey],
      ] as const) {
        const claims = logoutClaims(ISSUER, Date.now(), {
          sub: what,
          x: encodePart(randomBytes(60)),
        });
        const token = signToken({ ...LOGOUT_HEADER, kid: what }, claims, key);
        sent.set(what, token);
        const { status } = await post(port, '/logout', `logout_token=${token}`);
        expect([what, status]).toEqual([what, key === privateKey ? 200 : 400]);
        await expectNoLastMatch(what);
      }
      await expectForgotten();
      await connection.close();
    },
    TIMEOUT_MS,
  );
});

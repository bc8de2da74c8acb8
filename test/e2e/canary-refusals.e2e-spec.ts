import { TestIssuer } from 'nestjs-roomgate/testing';
import {
  DeafEngine,
  NeverVerifier,
  NoKeys,
  ThrowingExtractor,
  ThrowingPolicy,
  ThrowingVerifier,
} from '../support/broken-seams.js';
import { CANARY, expectNoCanary, mintCanary } from '../support/canary.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { setEnv } from '../support/env.js';
import { ScopedGateway } from '../support/gateways.js';
import { ask, RawClient, type UpgradeLines, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

describe('A canary in a refused request', () => {
  const logger = new CapturedLogger();
  let app: RoomApp;

  const start = async (options: RoomAppOptions = {}): Promise<void> => {
    app = await startRoomApp({ defaultGateway: '/:room', logger, ...options });
  };

  afterEach(async () => {
    await app.close();
    logger.text = '';
  });

  const bearer = (token: string): string => `Authorization: Bearer ${token}`;
  const good = (): string => mintCanary(app.issuer, { rooms: [ROOM] });

  /** Nothing in the answer, nothing in the log, and the log is really the one that is written to. */
  function expectSilence(answer: Buffer, token: string): void {
    expectNoCanary(answer.toString('latin1'), token);
    expectNoCanary(logger.text, token);
    expect(logger.text).toContain('Upgrade refused: ');
  }

  it.each<[string, number, (token: string) => Partial<UpgradeLines>]>([
    ['a path', 404, (token) => ({ target: `/${CANARY}?${token}`, headers: [bearer(token)] })],
    ['a target that is none', 400, (token) => ({ target: `http://${CANARY}/${token}` })],
    ['a query', 400, (token) => ({ target: `/${ROOM}?token=${token}&${CANARY}=${CANARY}` })],
    [
      'an Upgrade',
      426,
      (token) => ({
        headers: [bearer(token), `Upgrade: ${CANARY}`, 'Connection: close, Upgrade'],
      }),
    ],
    ['a method', 405, (token) => ({ method: 'POST', headers: [bearer(token)] })],
    [
      'an Origin behind its host',
      403,
      (token) => ({ headers: [bearer(token), `Origin: http://x.test/${CANARY}?${token}`] }),
    ],
    [
      'an Origin before its host',
      403,
      (token) => ({ headers: [bearer(token), `Origin: http://${CANARY}:${CANARY}@x.test`] }),
    ],
    ['an Origin that is a token', 403, (token) => ({ headers: [`Origin: ${token}`] })],
    ['two Hosts', 400, (token) => ({ headers: [bearer(token), `Host: ${CANARY}`, 'Host: x'] })],
    ['a key', 400, (token) => ({ headers: [bearer(token), `Sec-WebSocket-Key: ${CANARY}`] })],
    [
      'a version',
      400,
      (token) => ({ headers: [bearer(token), `Sec-WebSocket-Version: ${CANARY}`] }),
    ],
    ['two tokens', 400, (token) => ({ headers: [bearer(token), bearer(CANARY)] })],
    ['a malformed header', 400, (token) => ({ headers: [`${bearer(token)} ${CANARY}`] })],
    ['another scheme', 401, (token) => ({ headers: [`Authorization: Basic ${token}${CANARY}`] })],
    ['a scheme alone', 400, () => ({ headers: [`Authorization: ${CANARY}`] })],
    ['a query of any name', 400, (token) => ({ target: `/${ROOM}?${CANARY}=${token}` })],
    ['a cookie', 401, (token) => ({ headers: [`Cookie: token=${token}; ${CANARY}=1`] })],
    ['a subprotocol', 401, (token) => ({ headers: [`Sec-WebSocket-Protocol: bearer, ${token}`] })],
    ['what is no token', 401, () => ({ headers: [bearer(CANARY)] })],
    ['an unsigned token', 401, (token) => ({ headers: [bearer(token.replace(/[^.]+$/, 'AA'))] })],
    [
      'a forbidden room',
      403,
      (token) => ({ target: `/${ROOM.replace('a', 'b')}`, headers: [bearer(token)] }),
    ],
  ])('is found neither in the answer nor in the log: %s', async (_what, status, make) => {
    await start();
    const token = good();
    const answer = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, ...make(token) }));
    expect(answer.status).toBe(status);
    expectSilence(answer.bytes, token);
  });

  it.each<[string, (issuer: TestIssuer) => string]>([
    ['header', (issuer) => issuer.mint({ rooms: [ROOM] }, { typ: CANARY })],
    ['algorithm', (issuer) => issuer.mint({ rooms: [ROOM] }, { alg: CANARY })],
    ['key id', () => new TestIssuer().mint({}, { kid: CANARY })],
    ['issuer', (issuer) => issuer.mint({ claims: { iss: CANARY } })],
    ['audience', (issuer) => issuer.mint({ claims: { aud: CANARY } })],
    ['scope', (issuer) => issuer.mint({ claims: { scope: [CANARY] } })],
    ['expiry', (issuer) => issuer.mint({ claims: { exp: CANARY } })],
    ['expired token', (issuer) => mintCanary(issuer, { ttlMs: -60_000 })],
    ['stranger', () => mintCanary(new TestIssuer())],
    ['broken JSON', (issuer) => issuer.sign({ alg: 'ES256' }, `{"${CANARY}`)],
  ])(
    'is found neither in the answer nor in the log: a token with it as %s',
    async (_what, make) => {
      await start();
      const token = make(app.issuer);
      const headers = [bearer(token)];
      const answer = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, headers }));
      expect(answer.status).toBe(401);
      expectSilence(answer.bytes, token);
    },
  );

  it.each<[string, number, RoomAppOptions]>([
    ['extractor that throws', 503, { extractor: ThrowingExtractor }],
    ['verifier that throws', 401, { verifier: ThrowingVerifier }],
    ['verifier without keys', 503, { verifier: NoKeys }],
    ['policy that throws', 503, { policy: ThrowingPolicy }],
    ['engine that throws', 503, { engine: DeafEngine }],
    ['scope that is missing', 403, { defaultGateway: undefined, providers: [ScopedGateway] }],
  ])('is found neither in the answer nor in the log: a %s', async (_what, status, options) => {
    // In development the messages of errors are in the log, for the developer.
    const restore = setEnv({ NODE_ENV: 'production' });
    await start({ ...options, roomgate: { allowedHosts: ['127.0.0.1'] } });
    restore();
    const token = good();
    const headers = [bearer(token)];
    const answer = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, headers }));
    expect(answer.status).toBe(status);
    expectSilence(answer.bytes, token);
    expect(answer.bytes.toString() + logger.text).not.toContain('canary-of');
  });

  it('is found neither in the answer nor in the log: a verdict that takes too long', async () => {
    await start({ verifier: NeverVerifier });
    const token = good();
    const client = await RawClient.open(app.port);
    const asked = new Promise((resolve) => app.server.once('upgrade', resolve));
    client.write(upgradeBytes({ target: `/${ROOM}`, headers: [bearer(token)] }));
    await asked;
    app.clock.advance(5_000);
    expectSilence((await client.answer()).bytes, token);
  });

  it('is found neither in the answer nor in the log: a plain GET', async () => {
    await start();
    const token = good();
    const lines = { target: `/${ROOM}?token=${token}`, headers: [bearer(token)] };
    const answer = await ask(
      app.port,
      upgradeBytes({ ...lines, without: ['upgrade', 'connection'] }),
    );
    expect(answer.status).toBe(426);
    expectNoCanary(answer.bytes.toString(), token);
    expectNoCanary(logger.text, token);
  });
});

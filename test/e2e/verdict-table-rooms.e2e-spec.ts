import { DeafEngine, NeverVerifier, NoKeys, ThrowingPolicy } from '../support/broken-seams.js';
import { expectProblem } from '../support/expect-problem.js';
import { HeldPolicy } from '../support/policies.js';
import { RawClient, type UpgradeLines, upgradeBytes } from '../support/raw-http.js';
import { readFrames } from '../support/raw-frames.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';
import { bearerFor, knockAt, ROOM, TARGET } from '../support/room-requests.js';

/** Rows 9 to 15 of the verdict table, in its order: what is refused, or granted, to a good token. */
describe('The verdict on a request for a room', () => {
  let app: RoomApp;

  const start = async (options: RoomAppOptions = {}): Promise<void> => {
    app = await startRoomApp({ defaultGateway: '/:room', ...options });
  };
  const bearer = (token?: string): string => bearerFor(app, token);
  const knock = (lines?: Partial<UpgradeLines>): ReturnType<typeof knockAt> => knockAt(app, lines);

  afterEach(() => app.close());

  describe('row 9, the verdict cannot be given', () => {
    it('is 503 with a delay when the keys cannot be had', async () => {
      await start({ verifier: NoKeys });
      const headers = expectProblem(await knock(), 503, 'keys_unavailable');
      expect(['1', '2']).toContain(headers['retry-after']);
    });

    it('is 503 with a delay when the deadline has passed, and not before', async () => {
      await start({ verifier: NeverVerifier, roomgate: { retryAfterMs: 30_000 } });
      const client = await RawClient.open(app.port);
      const asked = new Promise((resolve) => app.server.once('upgrade', resolve));
      client.write(upgradeBytes({ target: TARGET, headers: [bearer()] }));
      await asked;
      app.clock.advance(4_999);
      expect(client.received).toHaveLength(0);
      app.clock.advance(1);
      const headers = expectProblem(await client.answer(), 503, 'verdict_timeout');
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(30);
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
    });
  });

  describe('row 12, the room policy', () => {
    const other = (): string => bearer(app.issuer.mint({ rooms: [] }));

    it('is 403 when it says no', async () => {
      await start();
      expectProblem(await knock({ headers: [other()] }), 403, 'room_forbidden');
    });

    it('is the 404 of an address that is not there, when rooms are hidden', async () => {
      await start({ roomgate: { hideRooms: true } });
      const hidden = await knock({ headers: [other()] });
      const absent = await knock({ target: '/x' });
      expectProblem(hidden, 404, 'not_found');
      const body = (bytes: Buffer): string =>
        String(bytes).replace(/"requestId":"[^"]+"/, '"requestId":""');
      expect(body(hidden.body)).toBe(body(absent.body));
    });

    it('is 503 with a delay when it throws', async () => {
      await start({ policy: ThrowingPolicy });
      const headers = expectProblem(await knock(), 503, 'unavailable');
      expect(headers['retry-after']).toBeDefined();
    });
  });

  it('row 13, the engine cannot carry the room: is 503 with a delay', async () => {
    await start({ engine: DeafEngine });
    const headers = expectProblem(await knock(), 503, 'engine_unavailable');
    expect(headers['retry-after']).toBeDefined();
    expect(app.node.memberships.size).toBe(0);
  });

  describe('row 14, the last look', () => {
    it.each<[string, () => void, number, string]>([
      ['draining', () => app.node.drain.begin(), 503, 'draining'],
      ['expiry', () => app.clock.step(3_605_000), 401, 'token_expired'],
    ])('is refused for what changed meanwhile: %s', async (_what, change, status, code) => {
      await start({ policy: HeldPolicy });
      const answer = knock();
      await HeldPolicy.asked();
      change();
      HeldPolicy.letGo();
      expectProblem(await answer, status, code);
      expect([app.node.registry.size, app.node.memberships.size]).toEqual([0, 0]);
    });
  });

  it('row 15, accepted: registered before the 101, which the greeting follows at once', async () => {
    await start();
    const client = await RawClient.open(app.port);
    const offer = 'Sec-WebSocket-Protocol: bearer, secret';
    client.write(upgradeBytes({ target: TARGET, headers: [bearer(), offer] }));
    const { statusLine, headers, body } = await client.head();
    expect(statusLine).toBe('HTTP/1.1 101 Switching Protocols');
    expect(Object.keys(headers).toSorted()).toEqual([
      'connection',
      'sec-websocket-accept',
      'upgrade',
    ]);
    expect(headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(app.node.registry.size).toBe(1);
    const [hello] = readFrames(body);
    expect(JSON.parse(String(hello?.payload))).toMatchObject({
      event: 'hello',
      data: { room: ROOM, sub: 'alice', ttlMs: 3_600_000, serverTime: app.clock.now() },
    });
    client.reset();
  });
});

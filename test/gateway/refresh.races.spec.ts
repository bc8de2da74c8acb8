import { RevocationService, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import {
  banned,
  deciding,
  GatedPolicy,
  GatedVerifier,
  resetSeams,
  verifying,
} from '../support/gated-seams.js';
import type { Gate } from '../support/gate.js';
import { heard, LiveGateway, refresh, ROOM, working } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';

/** Everywhere that a refresh awaits something, and what holds it up there. */
const AWAITS: readonly (readonly [string, Gate])[] = [
  ['the verifier', verifying],
  ['the policy', deciding],
  ['the handler that runs', working],
];

describe.each(AWAITS)('A refresh that waits for %s', (_, gate) => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  // One for each, for what is revoked stays revoked.
  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [LiveGateway, GatedPolicy],
      verifier: GatedVerifier,
    });
    alice = await testbed.connectAs({
      sub: 'alice',
      rooms: [ROOM],
      ttlMs: 60_000,
      claims: { jti: 'old', sid: 's' },
    });
    await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
    gate.hold();
    if (gate === working) alice.send('work');
    await testbed.settle();
  });
  afterEach(async () => {
    resetSeams();
    working.open();
    await testbed.close();
  });

  const begin = (claims: object = {}): ReturnType<typeof refresh> => {
    const reply = refresh(testbed, alice, { scope: 'new', claims: { jti: 'new', ...claims } });
    // Where the connection is closed there is none.
    reply.catch(() => undefined);
    return reply;
  };
  /** Lets everything go on, again and again where it starts over. */
  const goOn = async (): Promise<void> => {
    gate.open();
    await testbed.settle();
  };

  it.each<[string, (by: RevocationService) => Promise<void>]>([
    ['a block', (by) => by.block({ subject: 'alice' })],
    ['a revocation of the subject', (by) => by.revokeSubject({ subject: 'alice' })],
    ['a revocation of the old token', (by) => by.revokeToken('old')],
    ['a revocation of the session', (by) => by.revokeSession('s')],
  ])('does not bring back who was closed by %s', async (_name, revoke) => {
    void begin();
    await testbed.settle();
    await revoke(testbed.get(RevocationService));
    await goOn();
    await alice.expectClosed(4440);
    expect(heard(alice)).toEqual(['goodbye']);
    await testbed.settle();
    expect([...nodeOf(testbed).registry.all()].map(({ principal }) => principal.subject)).toEqual([
      'bob',
    ]);
  });

  it('does not act as a token that was revoked meanwhile, and changes nothing', async () => {
    const reply = begin();
    await testbed.settle();
    await testbed.get(RevocationService).revokeToken('new');
    await goOn();
    expect(await reply).toMatchObject({ data: { code: 'token_revoked' } });
    expect(serverEnd(testbed, alice).principal.claims.jti).toBe('old');
    expect(await alice.request('work')).toMatchObject({ event: 'ack' });
  });

  it.each<[string, number, (rooms: RoomService) => unknown]>([
    ['close of the room', 4404, (rooms) => rooms.room(ROOM).close()],
    [
      'disconnect',
      4440,
      (rooms) => rooms.room(ROOM).disconnect(serverEnd(testbed, alice).principal),
    ],
  ])('does not outlive a %s', async (_name, code, act) => {
    void begin();
    await testbed.settle();
    act(testbed.get(RoomService));
    await goOn();
    await alice.expectClosed(code);
    expect(heard(alice)).toEqual(['goodbye']);
  });

  it('does not keep who lost the room by a reauthorization that was asked later and answered earlier', async () => {
    const reply = begin();
    await testbed.settle();
    banned.add(`alice ${ROOM}`);
    const rooms = testbed.get(RoomService);
    const result = rooms.room(ROOM).reauthorize();
    await testbed.settle();
    // The last to ask is let go first.
    for (let n = gate.waiting; n > 0; n--) {
      gate.letGo(n - 1);
      await testbed.settle();
    }
    await goOn();
    expect(await result).toEqual({ kept: 1, left: 1 });
    await reply.catch(() => undefined);
    await alice.expectClosed(4403);
    expect(heard(alice).slice(-2)).toEqual(['room.left', 'goodbye']);
    expect(rooms.members(ROOM).map(({ principal }) => principal.subject)).toEqual(['bob']);
  });

  // A handler is given up before a grace ends.
  if (gate !== working)
    it('ends with the connection when the grace ends first', async () => {
      await testbed.advance(87_000);
      void begin();
      await testbed.settle();
      await testbed.advance(4_000);
      await goOn();
      await alice.expectClosed(4401);
      expect(heard(alice).filter((event) => event === 'auth.refreshed')).toEqual([]);
    });

  it('is refused when its own token expires meanwhile, and the connection goes on as it was', async () => {
    const exp = Math.floor(testbed.clock.now() / 1000) + 10;
    const reply = begin({ exp });
    await testbed.settle();
    testbed.clock.step(15_000);
    await goOn();
    expect(await reply).toMatchObject({ data: { code: 'token_expired' } });
    expect(await alice.request('work')).toMatchObject({ event: 'ack' });
  });

  it('is for nobody when the client has gone', async () => {
    void begin();
    await testbed.settle();
    const end = serverEnd(testbed, alice);
    alice.socket.terminate();
    await testbed.settle();
    await goOn();
    expect(end.principal.claims.jti).toBe('old');
    expect(nodeOf(testbed).rooms.members(ROOM)).toHaveLength(1);
  });

  it('is the only one, and says so to the others', async () => {
    const first = begin();
    await testbed.settle();
    for (let n = 0; n < 50; n++)
      expect(await refresh(testbed, alice)).toMatchObject({
        data: { code: 'refresh_in_progress', temporary: true },
      });
    expect(gate.waiting).toBe(1);
    await goOn();
    expect(await first).toMatchObject({ event: 'auth.refreshed' });
    expect(await refresh(testbed, alice)).toMatchObject({ event: 'auth.refreshed' });
  });
});

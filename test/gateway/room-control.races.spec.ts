import { RevocationService, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
  type TestMessage,
} from 'nestjs-roomgate/testing';
import {
  banned,
  deciding,
  GatedPolicy,
  GatedVerifier,
  resetSeams,
  verifying,
} from '../support/gated-seams.js';
import { heard, LiveGateway, OTHER_ROOM, refresh, ROOM } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';

const BOTH = [ROOM, OTHER_ROOM];
const outcome = ({ event, data }: TestMessage): string => data?.code ?? event;

describe('room.join and room.leave, in whatever order', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [LiveGateway, GatedPolicy],
      verifier: GatedVerifier,
    });
    alice = await testbed.connectAs({ sub: 'alice', rooms: BOTH, path: `/${ROOM}` });
  });
  afterEach(async () => {
    resetSeams();
    await testbed.close();
  });

  const join = (): Promise<string> =>
    alice.request('room.join', { room: OTHER_ROOM }).then(outcome);
  /** Asks to join, and is at the door now. */
  const atTheDoor = async (): Promise<{ joined: Promise<string> }> => {
    deciding.hold();
    const joined = join();
    await testbed.settle();
    expect(deciding.waiting).toBe(1);
    return { joined };
  };
  const rooms = (): readonly string[] =>
    serverEnd(testbed, alice).memberships.map(({ room }) => room);
  const room = (id: string) => testbed.get(RoomService).room(id);

  it('a refresh that is decided before the join: the new room is decided by the new token', async () => {
    const { joined } = await atTheDoor();
    const refreshed = refresh(testbed, alice, { rooms: [ROOM] });
    await testbed.settle();
    deciding.letGo(1);
    expect(outcome(await refreshed)).toBe('auth.refreshed');
    deciding.open();
    expect(await joined).toBe('room_forbidden');
    expect([rooms(), heard(alice)]).toEqual([[ROOM], []]);
  });

  it('a join that is decided before the refresh: the new room is decided by the new token', async () => {
    verifying.hold();
    const refreshed = refresh(testbed, alice, { rooms: [ROOM] });
    await testbed.settle();
    expect(await join()).toBe('room.joined');
    verifying.open();
    expect(outcome(await refreshed)).toBe('auth.refreshed');
    expect([rooms(), heard(alice)]).toEqual([[ROOM], ['room.left']]);
  });

  it.each<[string, () => unknown, string]>([
    ['a reauthorization of the room', () => room(OTHER_ROOM).reauthorize(), 'room.joined'],
    [
      'a ban and a reauthorization',
      () => {
        banned.add(`alice ${OTHER_ROOM}`);
        return room(OTHER_ROOM).reauthorize();
      },
      'room_forbidden',
    ],
    ['a close of the room', () => room(OTHER_ROOM).close(), 'room.joined'],
  ])('%s while one is at the door is heeded', async (_what, happens, expected) => {
    const { joined } = await atTheDoor();
    const done = happens();
    deciding.open();
    expect(await joined).toBe(expected);
    await done;
    expect(rooms()).toEqual(expected === 'room.joined' ? BOTH : [ROOM]);
  });

  it.each<[string, () => unknown, number]>([
    [
      'a revocation',
      () => testbed.get(RevocationService).revokeSubject({ subject: 'alice' }),
      4440,
    ],
    ['the close of the room it is in', () => room(ROOM).close(), 4404],
  ])('%s while one is at the door lets nobody in, and keeps no room', async (_w, happens, code) => {
    const { joined } = await atTheDoor();
    const failed = joined.catch(() => 'never');
    await happens();
    await alice.expectClosed(code);
    deciding.open();
    await testbed.settle();
    await testbed.advance(5_000);
    expect([await failed, nodeOf(testbed).memberships.size]).toEqual(['never', 0]);
    expect(heard(alice)).toEqual(['goodbye']);
  });

  it('a drain lets nobody in any more', async () => {
    const { joined } = await atTheDoor();
    nodeOf(testbed).drain.begin();
    deciding.open();
    expect(await joined).toBe('unavailable');
    expect([rooms(), nodeOf(testbed).memberships.size]).toEqual([[ROOM], 1]);
  });

  it('a policy that never answers is given up, and what it says then lets nobody in', async () => {
    const { joined } = await atTheDoor();
    await testbed.advance(5_000);
    expect(await joined).toBe('verdict_timeout');
    deciding.open();
    await testbed.settle();
    expect([
      rooms(),
      testbed.get(RoomService).members(OTHER_ROOM),
      nodeOf(testbed).memberships.size,
    ]).toEqual([[ROOM], [], 1]);
    expect(await join()).toBe('room.joined');
  });

  it('a join that changes overtake again and again is given up', async () => {
    const { joined } = await atTheDoor();
    for (let attempt = 0; attempt < 3; attempt++) {
      await room(OTHER_ROOM).reauthorize();
      deciding.letGo();
      await testbed.settle();
    }
    expect(await joined).toBe('unavailable');
    expect(nodeOf(testbed).memberships.size).toBe(1);
  });

  it('a token that expires at the door lets nobody in', async () => {
    await refresh(testbed, alice, { rooms: BOTH, ttlMs: 20_000 });
    const { joined } = await atTheDoor();
    testbed.clock.step(25_000);
    deciding.open();
    expect(await joined).toBe('token_expired');
    expect([rooms(), nodeOf(testbed).memberships.size]).toEqual([[ROOM], 1]);
  });

  it('what waits when the connection closes is not done', async () => {
    const { joined } = await atTheDoor();
    void joined.catch(() => undefined);
    const left = alice.request('room.leave', { room: ROOM }).catch(() => 'never');
    alice.socket.terminate();
    await testbed.settle();
    deciding.open();
    await testbed.advance(5_000);
    expect([await left, nodeOf(testbed).memberships.size]).toEqual(['never', 0]);
  });
});

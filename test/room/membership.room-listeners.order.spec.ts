import { type MembershipListener, RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { OTHER_ROOM, ROOM } from '../support/live-room.js';
import { nodeOf } from '../support/node-of.js';

/** Whoever keeps a roster by what it is told has nobody in it for ever, whatever other listeners do meanwhile. */
describe('What listeners of rooms are told', () => {
  let testbed: RoomgateTestbed;
  let told: string[];
  let names: Map<string, string>;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      defaultGateway: '/:room',
      roomgate: { roomIdleMs: 5_000 },
    });
    told = [];
    names = new Map([
      [ROOM, 'room'],
      [OTHER_ROOM, 'other'],
    ]);
  });
  afterEach(() => testbed.close());

  const rooms = (): RoomService => testbed.get(RoomService);
  const closeAllIn = (room: string): void => {
    for (const member of rooms().members(room)) member.close();
  };
  const listen = (listener: MembershipListener): void =>
    void testbed.get(RoomService).listen(listener);
  const listenToAll = (prefix = ''): void => {
    const tell = (what: string, room: string): void =>
      void told.push(`${prefix}${what} ${names.get(room)}`);
    listen({
      onRoomCreated: (_name, room) => tell('created', room),
      onRoomEmpty: (_name, room) => tell('empty', room),
      onJoin: ({ principal }, room) => tell(`${principal.subject} in`, room),
      onLeave: ({ principal }, room) => tell(`${principal.subject} out`, room),
    });
  };

  it('is a join and then a leave, also when the first to hear of the join closes the connection', async () => {
    listenToAll('1: ');
    listen({ onJoin: (connection) => connection.close(4_000) });
    listenToAll('2: ');
    await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    await testbed.settle();
    expect(told).toEqual([
      '1: created room',
      '2: created room',
      '1: alice in room',
      '2: alice in room',
      '1: alice out room',
      '2: alice out room',
      '1: empty room',
      '2: empty room',
    ]);
  });

  it('is who joined and left a room that is closed as soon as it is there, which stays its time', async () => {
    listen({ onRoomCreated: (_name, room) => void rooms().room(room).close() });
    listenToAll();
    const alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    await alice.expectClosed(4_404);
    await testbed.advance(4_000);
    expect(told).toEqual(['created room', 'alice in room', 'alice out room', 'empty room']);
    expect(nodeOf(testbed).memberships.size).toBe(1);
    await testbed.advance(1_250);
    expect(nodeOf(testbed).memberships.size).toBe(0);
  });

  it('is that a room is empty once, when one takes the last other with it', async () => {
    const alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
    listen({ onLeave: () => closeAllIn(ROOM) });
    listenToAll();
    await alice.close();
    expect(told).toEqual(['alice out room', 'bob out room', 'empty room']);
  });

  it('is that one left all rooms before what a listener makes of that', async () => {
    const alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM, OTHER_ROOM] });
    await testbed.connectAs({ sub: 'bob', rooms: [OTHER_ROOM] });
    await alice.request('room.join', { room: OTHER_ROOM });
    listen({ onLeave: () => closeAllIn(OTHER_ROOM) });
    listenToAll();
    await alice.close();
    expect(told).toEqual([
      'alice out room',
      'empty room',
      'alice out other',
      'bob out other',
      'empty other',
    ]);
  });

  it('is never that a room is closed for one whom a listener has just taken out of it, and who is in another', async () => {
    await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    const bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM, OTHER_ROOM] });
    await bob.request('room.join', { room: OTHER_ROOM });
    listen({ onLeave: (_connection, room) => void rooms().room(room).close() });
    listenToAll();
    await rooms().room(ROOM).close();
    expect(told).toEqual(['alice out room', 'bob out room', 'empty room']);
    expect([...rooms().members(OTHER_ROOM)].map(({ isOpen }) => isOpen)).toEqual([true]);
  });
});

import { randomUUID } from 'node:crypto';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, type RoomgateModuleOptions, RoomPolicy, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { heard, OTHER_ROOM, ROOM } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';
import { order } from '../support/schemas.js';

class OpenPolicy extends RoomPolicy {
  join(): boolean {
    return true;
  }
}

@RoomGateway('/:room', { policy: OpenPolicy })
class OpenGateway {
  @SubscribeMessage('reply')
  reply(@MessageBody() data: unknown): { event: string; data: unknown } {
    return { event: 'said', data };
  }
}

describe('The life of a room', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  const start = async (roomgate: RoomgateModuleOptions): Promise<void> => {
    testbed = await createRoomgateTestbed({ providers: [OpenGateway, OpenPolicy], roomgate });
  };
  afterEach(() => testbed.close());
  const rooms = (): RoomService => testbed.get(RoomService);

  it('begins with the first member and ends some time after the last; listeners are told of both', async () => {
    await start({ roomIdleMs: 5_000 });
    const told: unknown[] = [];
    testbed.get(RoomService).listen({
      onRoomCreated: (...room) => told.push(['created', ...room]),
      onRoomEmpty: (...room) => told.push(['empty', ...room]),
    });
    const { memberships } = nodeOf(testbed);
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    const bob = await testbed.connectAs({ rooms: [ROOM] });
    await alice.close();
    await bob.close();
    await testbed.advance(4_000);
    expect([told, memberships.size]).toEqual([
      [
        ['created', 'default', ROOM],
        ['empty', 'default', ROOM],
      ],
      1,
    ]);
    const again = await testbed.connectAs({ rooms: [ROOM] });
    await testbed.advance(10_000);
    expect([told.length, memberships.size]).toEqual([2, 1]);
    await again.close();
    await testbed.advance(5_250);
    expect([told.length, memberships.size]).toEqual([3, 0]);
  });

  it.each([
    ['the application closes it', () => serverEnd(testbed, alice).close(4_000)],
    [
      'it is disconnected',
      () => void rooms().room(ROOM).disconnect(serverEnd(testbed, alice).principal),
    ],
  ])(
    'goes on without a connection as soon as %s, however long its client takes to answer',
    async (_how, close) => {
      await start({});
      alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
      const bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
      const told: unknown[] = [];
      testbed.get(RoomService).listen({ onLeave: ({ principal }) => told.push(principal.subject) });
      close();
      expect([rooms().members(ROOM), told]).toEqual([[serverEnd(testbed, bob)], ['alice']]);
      await testbed.settle();
      expect(told).toEqual(['alice']);
    },
  );

  it('keeps a subject present that replaces its connection', async () => {
    await start({
      maxConnectionsPerSubject: 1,
      onTooManyConnections: 'replace-oldest',
      rooms: { default: { presence: true } },
    });
    const host = await testbed.connectAs({ sub: 'host', rooms: [ROOM] });
    await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    await testbed.advance(1_000);
    const before = await rooms().room(ROOM).presence();
    await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    await testbed.advance(1_000);
    expect(await rooms().room(ROOM).presence()).toEqual(before);
    // Of the first one.
    expect(heard(host)).toEqual(['presence.joined']);
  });

  it('keeps one position for those who come back before it ends, and after it while there is a history', async () => {
    await start({ roomIdleMs: 5_000, rooms: { default: { history: { ttlMs: 60_000 } } } });
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    const { position } = alice.hello;
    await alice.close();
    await testbed.advance(6_000);
    await rooms().room(ROOM).broadcast('said', 1);
    const back = await testbed.connectAs({ rooms: [ROOM], position });
    await testbed.settle();
    expect(heard(back)).toEqual(['said 1']);
    await back.close();
    await testbed.advance(66_000);
    const late = await testbed.connectAs({ rooms: [ROOM], position });
    await testbed.settle();
    expect(heard(late)).toEqual(['gap']);
  });

  it('ends for those who are elsewhere too with room.left, and for others with 4404', async () => {
    await start({});
    const alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    const bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
    await alice.request('room.join', { room: OTHER_ROOM });
    expect(await rooms().room(ROOM).close()).toBe(2);
    await bob.expectClosed(4404);
    expect((await alice.next('room.left')).data).toEqual({ room: ROOM, code: 4404 });
    await rooms().room(OTHER_ROOM).broadcast('said', 'still here');
    await rooms().room(ROOM).broadcast('said', 'to nobody');
    await testbed.settle();
    expect(heard(alice)).toEqual(['said still here']);
  });

  it('has room for so many members, at the door and for those who join', async () => {
    await start({ rooms: { default: { maxMembers: 2 } }, maxMembersPerRoom: 1 });
    await testbed.connectAs({ rooms: [ROOM] });
    const bob = await testbed.connectAs({ rooms: [ROOM] });
    const token = testbed.mint({ rooms: [ROOM] });
    const { headers } = await testbed.expectRefused(503, 'room_full', { token, path: `/${ROOM}` });
    expect(headers['retry-after']).toMatch(/^\d+$/);
    const carol = await testbed.connectAs({ rooms: [OTHER_ROOM] });
    expect(await carol.request('room.join', { room: ROOM })).toMatchObject({
      event: 'exception',
      data: { code: 'room_full', temporary: true },
    });
    await bob.close();
    expect(await carol.request('room.join', { room: ROOM })).toMatchObject({
      event: 'room.joined',
    });
  });

  it('is not begun when there are too many, of all or of one subject', async () => {
    await start({ maxRooms: 3, maxRoomsPerSubject: 2, roomIdleMs: 0 });
    const token = (sub: string): string => testbed.mint({ sub });
    const first = await testbed.connectAs({ sub: 'alice' });
    await first.request('room.join', { room: OTHER_ROOM });
    await testbed.expectRefused(429, 'too_many_rooms', { token: token('alice') });
    expect(await first.request('room.join', { room: randomUUID() })).toMatchObject({
      data: { code: 'too_many_rooms' },
    });
    await testbed.connectAs({ sub: 'bob' });
    await testbed.expectRefused(429, 'too_many_rooms', { token: token('carol') });
    // A room that is there already is open to all.
    await testbed.connectAs({ sub: 'carol', rooms: [OTHER_ROOM] });
    await first.close();
    await testbed.connectAs({ sub: 'alice' });
  });

  it('compares what is broadcast with the schema of its event, where it is not strict', async () => {
    await start({ rooms: { default: { events: { said: order } } } });
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    await expect(rooms().room(ROOM).broadcast('said', { text: 7 })).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringMatching(/"said".*\btext\b/) as string,
    });
    await rooms().room(ROOM).broadcast('said', { text: 'fits' });
    await rooms().room(ROOM).broadcast('other', 7);
    await testbed.settle();
    expect(alice.waiting.map(({ event }) => event)).toEqual(['said', 'other']);
    const [own] = rooms().members(ROOM);
    expect(() => own?.send('said', { text: 7 })).toThrow(/"said".*\btext\b/);
    expect(await alice.request('reply', { text: 7 })).toMatchObject({ data: { code: 'internal' } });
    expect(await alice.request('reply', { text: 'fits' })).toMatchObject({ event: 'said' });
  });
});

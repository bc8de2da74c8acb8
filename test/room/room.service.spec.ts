import { randomUUID } from 'node:crypto';
import { Controller, Inject, Param, Post } from '@nestjs/common';
import { CLOSE_CODES, ParseRoomIdPipe, RoomGateway, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { nodeOf, serverEnd } from '../support/node-of.js';

@RoomGateway('/chat/:room', { rooms: 'chat' })
class ChatGateway {}

@RoomGateway('/orders/:room', { rooms: 'orders' })
class OrdersGateway {}

@Controller('paid')
class PaidController {
  constructor(@Inject(RoomService) private readonly rooms: RoomService) {}

  @Post(':room')
  async paid(@Param('room', ParseRoomIdPipe) room: string): Promise<number> {
    const { offset } = await this.rooms.room(room, 'orders').broadcast('paid', { room });
    return offset;
  }
}

describe('RoomService', () => {
  let testbed: RoomgateTestbed;
  let rooms: RoomService;
  let room: string;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      providers: [ChatGateway, OrdersGateway],
      controllers: [PaidController],
    });
    rooms = testbed.get(RoomService);
  });
  beforeEach(() => (room = randomUUID()));
  afterAll(() => testbed.close());

  const connect = (sub: string, name = 'chat', id = room): Promise<TestConnection> =>
    testbed.connectAs({ sub, rooms: [id], path: `/${name}/${id}` });

  it('speaks to all members of one room, and to nobody else', async () => {
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    const others = [await connect('alice', 'orders'), await connect('alice', 'chat', randomUUID())];
    const position = await rooms.room(room.toUpperCase(), 'chat').broadcast('news', { n: 1 });
    expect(position).toEqual({ offset: 1, epoch: expect.any(String) as string });
    await rooms.room(room, 'chat').broadcast('news', 2, { except: alice.hello.connectionId });
    await testbed.settle();
    expect(alice.waiting).toEqual([{ event: 'news', data: { n: 1 }, room }]);
    expect(bob.waiting).toEqual([
      { event: 'news', data: { n: 1 }, room },
      { event: 'news', data: 2, room },
    ]);
    expect(others.map(({ waiting }) => waiting)).toEqual([[], []]);
  });

  it('takes a repeated publication id for the same publication', async () => {
    const alice = await connect('alice');
    const options = { publicationId: 'retry' };
    const first = await rooms.room(room, 'chat').broadcast('news', 1, options);
    expect(await rooms.room(room, 'chat').broadcast('news', 1, options)).toEqual(first);
    await testbed.settle();
    expect(alice.waiting).toHaveLength(1);
  });

  it('knows the members, and none after they have gone', async () => {
    const members = () => rooms.members(room, 'chat');
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    expect(members().map(({ id }) => id)).toEqual(
      [alice, bob].map(({ hello }) => hello.connectionId),
    );
    await alice.close();
    await testbed.settle();
    expect(members().map(({ principal }) => principal.subject)).toEqual(['bob']);
    await bob.close();
    await testbed.settle();
    expect(members()).toEqual([]);
  });

  it('closes a room: everybody gets a goodbye and 4404, and nothing that was said just before', async () => {
    const all = [await connect('alice'), await connect('bob')];
    void rooms.room(room, 'chat').broadcast('secret');
    expect(await rooms.room(room, 'chat').close()).toBe(2);
    const { code, reason } = CLOSE_CODES.roomClosed;
    for (const connection of all) {
      expect(await connection.next()).toEqual({
        event: 'goodbye',
        data: { code, reason, reconnect: false },
      });
      await connection.expectClosed(4404);
    }
  });

  it('disconnects one principal from a room: 4440 for each of its connections there, and no others', async () => {
    const [one, two, elsewhere, bob] = [
      await connect('alice'),
      await connect('alice'),
      await connect('alice', 'orders'),
      await connect('bob'),
    ];
    const { principal } = serverEnd(testbed, one);
    void rooms.room(room, 'chat').broadcast('secret');
    expect(await rooms.room(room, 'chat').disconnect(principal)).toBe(2);
    expect([(await one.next()).event, (await two.next()).event]).toEqual(['goodbye', 'goodbye']);
    await Promise.all([one.expectClosed(4440), two.expectClosed(4440)]);
    await testbed.settle();
    expect(elsewhere.waiting).toEqual([]);
    expect(bob.waiting).toEqual([{ event: 'secret', room }]);
    expect(await rooms.room(room, 'chat').disconnect(principal)).toBe(0);
  });

  it('sends to all connections of one principal, of this issuer and subject alone', async () => {
    const [one, two, bob] = [
      await connect('carol'),
      await connect('carol', 'orders'),
      await connect('bob'),
    ];
    const carol = rooms.toSubject(serverEnd(testbed, one).principal);
    expect(carol.connections.map(({ id }) => id)).toEqual(
      [one, two].map(({ hello }) => hello.connectionId),
    );
    expect(carol.send('mail', 1)).toBe(2);
    await two.close();
    await testbed.settle();
    expect(carol.send('mail', 2)).toBe(1);
    await testbed.settle();
    expect(one.waiting.map(({ data }) => data as number)).toEqual([1, 2]);
    expect(bob.waiting).toEqual([]);
    expect(rooms.toSubject({ identity: 'nobody' }).send('mail')).toBe(0);
  });

  it('knows the names of its gateways, and lists them for one that is unknown', () => {
    expect(() => rooms.room(room, 'lobby')).toThrow(
      /"lobby".*Known names: .*(chat, orders|orders, chat)/,
    );
    expect(() => rooms.room(room, '__proto__')).toThrow('Known names');
    expect(() => rooms.members(room, 'lobby')).toThrow('Known names');
  });

  it.each<[string, string, unknown, string]>([
    ['a reserved event', 'goodbye', 1, 'reserved_event'],
    ['data without JSON form', 'news', 1n, 'invalid_data'],
  ])('refuses to broadcast %s', async (_what, event, data, code) => {
    const said = rooms.room(room, 'chat').broadcast(event, data);
    await expect(said).rejects.toMatchObject({ code });
  });

  it('throws for a room id that is not a UUID', () => {
    expect(() => rooms.room('lobby', 'chat')).toThrow('UUID');
    expect(() => rooms.members('lobby', 'chat')).toThrow('UUID');
  });

  it('speaks from an HTTP controller', async () => {
    const alice = await connect('alice', 'orders');
    await testbed.app.listen(0, '127.0.0.1');
    const post = (id: string): Promise<Response> =>
      testbed.app.getUrl().then((url) => fetch(`${url}/paid/${id}`, { method: 'POST' }));
    expect((await post(room)).status).toBe(201);
    expect(await alice.next()).toEqual({ event: 'paid', data: { room }, room });
    expect((await post('lobby')).status).toBe(400);
  });

  it('may be used while members join and leave', async () => {
    const told: string[] = [];
    rooms.listen({
      onJoin: ({ principal }, key) => {
        if (!key.endsWith(room)) return;
        told.push(`join ${principal.subject}`);
        void rooms.room(room, 'chat').broadcast('came', principal.subject);
      },
      onLeave: ({ principal, isOpen }, key) => {
        if (!key.endsWith(room)) return;
        told.push(`leave ${principal.subject} ${isOpen}`);
        void rooms.room(room, 'chat').broadcast('went', principal.subject);
      },
    });
    const alice = await connect('alice');
    const bob = await connect('bob');
    await bob.close();
    expect(await alice.next('came')).toMatchObject({ data: 'alice' });
    expect(await alice.next('came')).toMatchObject({ data: 'bob' });
    expect(await alice.next('went')).toMatchObject({ data: 'bob' });
    await alice.close();
    await testbed.settle();
    expect(told).toEqual(['join alice', 'join bob', 'leave bob false', 'leave alice false']);
    expect([...nodeOf(testbed).registry.all()].some(({ roomId }) => roomId === room)).toBe(false);
  });
});

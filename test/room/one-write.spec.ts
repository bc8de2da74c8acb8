import { randomUUID } from 'node:crypto';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CurrentRoom, type Room, RoomGateway, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { serverEnd } from '../support/node-of.js';

@RoomGateway('/:room')
class BurstGateway {
  @SubscribeMessage('burst')
  burst(@CurrentRoom() room: Room, @MessageBody() count: number): string {
    for (let n = 0; n < count; n++) void room.broadcast('said', n);
    return 'done';
  }

  @SubscribeMessage('others')
  others(@CurrentRoom() room: Room, @MessageBody() count: number): string {
    for (let n = 0; n < count; n++) void room.broadcastToOthers('said', n);
    return 'done';
  }
}

describe('What one turn of the loop produced', () => {
  let testbed: RoomgateTestbed;
  let members: TestConnection[];
  let writes: number[];
  const room = randomUUID();

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({ providers: [BurstGateway] });
    members = [];
    for (let n = 0; n < 5; n++)
      members.push(await testbed.connectAs({ sub: `member-${n}`, rooms: [room] }));
    for (const [index, member] of members.entries()) {
      const { socket } = serverEnd(testbed, member);
      const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
      socket.write = ((...args: unknown[]) => {
        writes[index] = (writes[index] ?? 0) + 1;
        return write(...args);
      }) as typeof socket.write;
    }
  });
  beforeEach(() => (writes = [0, 0, 0, 0, 0]));
  afterAll(() => testbed.close());

  const numbers = async (member: TestConnection, count: number): Promise<unknown[]> => {
    const got: unknown[] = [];
    while (got.length < count) got.push((await member.next('said')).data);
    return got;
  };

  it.each([1, 2, 50])('costs N members N writes for %d broadcasts of a service', async (count) => {
    const rooms = testbed.get(RoomService);
    for (let n = 0; n < count; n++) void rooms.room(room).broadcast('said', n);
    const expected = Array.from({ length: count }, (_, n) => n);
    for (const member of members) expect(await numbers(member, count)).toEqual(expected);
    expect(writes).toEqual([1, 1, 1, 1, 1]);
  });

  it('costs N members N writes for the broadcasts of a handler and its reply', async () => {
    expect(await members[0]?.request('burst', 20)).toMatchObject({ data: 'done' });
    for (const member of members) expect(await numbers(member, 20)).toHaveLength(20);
    expect(writes).toEqual([1, 1, 1, 1, 1]);
  });

  it('costs the one that is left out only the write of its reply, and nothing without one', async () => {
    await members[0]?.request('others', 3);
    members[1]?.send('others', 3);
    await testbed.settle();
    expect(writes).toEqual([2, 1, 2, 2, 2]);
    for (const [index, member] of members.entries())
      expect(await numbers(member, index < 2 ? 3 : 6)).toHaveLength(index < 2 ? 3 : 6);
  });

  it('costs one write however many members speak in the same turn', async () => {
    const rooms = testbed.get(RoomService);
    for (const member of members) {
      serverEnd(testbed, member).send('private', 1);
      void rooms.room(room).broadcast('said', 2);
    }
    await testbed.settle();
    expect(writes).toEqual([1, 1, 1, 1, 1]);
    for (const [index, member] of members.entries()) {
      const events = member.waiting.map(({ event }) => event);
      expect(events).toEqual([
        ...Array.from({ length: index }, () => 'said'),
        'private',
        ...Array.from({ length: 5 - index }, () => 'said'),
      ]);
    }
  });
});

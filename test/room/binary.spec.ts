import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentConnection,
  CurrentRoom,
  type Room,
  type RoomConnection,
  RoomGateway,
  RoomService,
  SubscribeBinary,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { ROOM } from '../support/live-room.js';

@RoomGateway('/:room')
class DrawingGateway {
  @SubscribeBinary()
  async draw(
    @CurrentRoom() room: Room,
    @CurrentConnection() connection: RoomConnection,
    @MessageBody() bytes: Buffer,
  ): Promise<{ event: string; data: number }> {
    await room.broadcastBinary(bytes.subarray(0, 3), { except: connection.id });
    connection.sendBinary(Buffer.from('for you'));
    return { event: 'drawn', data: bytes.length };
  }
}

@RoomGateway('/texts/:room', { rooms: 'texts' })
class TextGateway {
  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }
}

describe('Binary messages', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  let bob: TestConnection;
  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [DrawingGateway, TextGateway],
      roomgate: { rooms: { default: { history: true } }, maxStrikes: 3 },
    });
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
  });
  afterEach(() => testbed.close());

  const draw = async (client: TestConnection, text: string): Promise<void> => {
    client.socket.send(Buffer.from(text));
    await testbed.settle();
  };

  it('reach their handler, and others behind a frame that says where they stand', async () => {
    await draw(alice, 'abcdef');
    expect(bob.waiting).toEqual([
      { event: 'binary', room: ROOM, offset: 1, bytes: Buffer.from('abc') },
    ]);
    expect(alice.waiting).toEqual([
      { event: 'binary', bytes: Buffer.from('for you') },
      { event: 'drawn', data: 6 },
    ]);
  });

  it('are recovered, and given in pages of the history, like the others', async () => {
    await draw(alice, 'abc');
    await draw(alice, 'def');
    const back = await testbed.connectAs({
      sub: 'bob',
      rooms: [ROOM],
      position: bob.hello.position,
    });
    await testbed.settle();
    expect(back.waiting.map(({ bytes, offset, epoch }) => [String(bytes), offset, epoch])).toEqual([
      ['abc', 1, bob.hello.position?.epoch],
      ['def', 2, bob.hello.position?.epoch],
    ]);
    const page = await bob.request('room.history', { limit: 1 });
    expect(page.data.publications).toEqual([
      { offset: 2, publishedAt: expect.any(Number) as number, binary: 'ZGVm' },
    ]);
    const { publications } = await testbed.get(RoomService).room(ROOM).history();
    expect(publications.map(({ bytes }) => String(bytes))).toEqual(['abc', 'def']);
  });

  it('may be changed by their owner when they were broadcast', async () => {
    const bytes = Buffer.from('before');
    const done = testbed.get(RoomService).room(ROOM).broadcastBinary(bytes);
    bytes.write('behind');
    await done;
    await testbed.settle();
    expect(String(bob.waiting[0]?.bytes)).toBe('before');
  });

  it('are bad messages where nobody asked for them', async () => {
    const reader = await testbed.connectAs({ rooms: [ROOM], path: `/texts/${ROOM}` });
    await draw(reader, '{"event":"ping"}');
    expect(reader.waiting).toMatchObject([{ event: 'exception', data: { code: 'bad_message' } }]);
    await draw(reader, 'x');
    await draw(reader, 'x');
    await reader.expectClosed(4400);
  });

  it('are not made of text, whatever a text says', async () => {
    expect(await alice.request('binary', 'text')).toMatchObject({
      event: 'exception',
      data: { code: 'unknown_event' },
    });
    expect(bob.waiting).toEqual([]);
  });

  it('need the rights that others need', async () => {
    await alice.request('room.join', { room: ROOM });
    alice.send('room.leave', { room: ROOM });
    await draw(alice, 'abc');
    expect(bob.waiting).toEqual([]);
  });
});

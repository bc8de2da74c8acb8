import { randomUUID } from 'node:crypto';
import { SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentConnection,
  CurrentRoom,
  type Room,
  type RoomConnection,
  RoomGateway,
  RoomService,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { caught } from '../support/caught.js';

const LIMIT = 65_536;
const ROOM = randomUUID();

@RoomGateway('/:room')
class LoudGateway {
  @SubscribeMessage('shout')
  async shout(@CurrentRoom() room: Room): Promise<void> {
    await room.broadcast('said', 'x'.repeat(LIMIT));
  }

  @SubscribeMessage('big')
  big(): string {
    return 'x'.repeat(LIMIT);
  }

  @SubscribeMessage('much')
  much(@CurrentConnection() connection: RoomConnection): string {
    for (let n = 0; n < 20; n++) connection.send('part', 'x'.repeat(10_000));
    return 'x'.repeat(10_000);
  }
}

describe('What is larger than maxOutboxBytes', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [LoudGateway],
      roomgate: { maxOutboxBytes: LIMIT },
    });
    alice = await testbed.connectAs({ rooms: [ROOM] });
  });
  afterEach(() => testbed.close());
  const rooms = () => testbed.get(RoomService);

  it.each<[string, (room: string) => Promise<unknown>]>([
    ['text', (room) => rooms().room(room).broadcast('said', 'x'.repeat(LIMIT))],
    [
      'text of few characters and many bytes',
      (room) =>
        rooms()
          .room(room)
          .broadcast('said', '漢'.repeat(LIMIT / 3)),
    ],
    ['bytes', (room) => rooms().room(room).broadcastBinary(Buffer.alloc(LIMIT))],
  ])('is an error to its publisher, not to readers: %s', async (_, publish) => {
    await expect(publish(ROOM)).rejects.toMatchObject({ code: 'too_big' });
    expect(await alice.request('much')).toBeDefined();
    expect(alice.waiting.filter(({ event }) => event === 'goodbye')).toEqual([]);
  });

  it('is an exception to the client whose message it answers, or whose handler publishes it', async () => {
    for (const event of ['shout', 'big'])
      expect(await alice.request(event)).toMatchObject({
        event: 'exception',
        data: { code: 'too_big', temporary: false },
      });
  });

  it('is an error to who sends it to one connection', () => {
    const [member] = rooms().members(ROOM) as readonly [RoomConnection];
    expect(caught(() => member.send('more', 'x'.repeat(LIMIT)))).toMatchObject({ code: 'too_big' });
    expect(caught(() => member.sendBinary(Buffer.alloc(LIMIT)))).toMatchObject({ code: 'too_big' });
  });

  it('together is not sent to a reader that is behind, whose request is told so', async () => {
    alice.socket.pause();
    alice.send('much', undefined, 1);
    await testbed.settle();
    alice.socket.resume();
    await testbed.settle();
    expect(alice.waiting.filter(({ id }) => id === 1)).toMatchObject([
      { event: 'exception', data: { code: 'outbox_full', temporary: true } },
    ]);
    expect(alice.socket.readyState).toBe(alice.socket.OPEN);
  });

  it('together is told with a gap at once to a member that is behind, which stays', async () => {
    alice.socket.pause();
    for (let n = 0; n < 20; n++) {
      await rooms().room(ROOM).broadcast('said', 'x'.repeat(10_000));
      await testbed.settle();
    }
    alice.socket.resume();
    for (let n = 0; n < 5; n++) await testbed.settle();
    const said = alice.waiting.filter(({ event }) => event === 'said').length;
    const gaps = alice.waiting.filter(({ event }) => event === 'gap');
    expect(gaps).toMatchObject([{ data: { missed: 20 - said } }]);
    expect(alice.socket.readyState).toBe(alice.socket.OPEN);
  });
});

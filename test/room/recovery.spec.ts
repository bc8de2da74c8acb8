import { RoomGateway, RoomPolicy, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { heard, OTHER_ROOM, refresh, ROOM } from '../support/live-room.js';

class OpenPolicy extends RoomPolicy {
  join(): boolean {
    return true;
  }
}

@RoomGateway('/:room', { policy: OpenPolicy })
class ChatGateway {}

describe('Coming back to a room', () => {
  let testbed: RoomgateTestbed;
  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [ChatGateway, OpenPolicy],
      roomgate: { rooms: { default: { history: true } } },
    });
  });
  afterEach(() => testbed.close());

  const say = (...texts: string[]): Promise<unknown> =>
    Promise.all(texts.map((text) => testbed.get(RoomService).room(ROOM).broadcast('said', text)));
  const back = (position: { offset: number; epoch: string }): Promise<TestConnection> =>
    testbed.connectAs({ rooms: [ROOM], position });
  const leave = async (client: TestConnection): Promise<void> => {
    void client.close();
    await testbed.settle();
  };

  it('with a position gives what was missed, in order and once, and then what is new', async () => {
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    const { position } = alice.hello;
    await say('1');
    await leave(alice);
    await say('2', '3');
    const again = await back(position as never);
    await testbed.settle();
    await say('4');
    await testbed.settle();
    expect(heard(again)).toEqual(['said 1', 'said 2', 'said 3', 'said 4']);
    expect(again.waiting.map((message) => message.offset)).toEqual([1, 2, 3, 4]);
    expect(again.waiting.map((message) => message.epoch === position?.epoch)).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('after a mute gives what was dropped, before what came with the refresh', async () => {
    const alice = await testbed.connectAs({ rooms: [ROOM], ttlMs: 60_000 });
    await say('1');
    await testbed.settle();
    await testbed.advance(65_000);
    await say('2');
    await testbed.settle();
    await say('3');
    await testbed.settle();
    const done = refresh(testbed, alice);
    await say('4');
    await done;
    await say('5');
    await testbed.settle();
    expect(heard(alice)).toEqual([
      'said 1',
      'auth.expiring',
      'said 2',
      'said 3',
      'said 4',
      'said 5',
    ]);
  });

  it('of several: joins another room from where it was', async () => {
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    await testbed.get(RoomService).room(OTHER_ROOM).broadcast('said', 'there');
    const joined = await alice.request('room.join', {
      room: OTHER_ROOM,
      position: { offset: 0, epoch: 'another' },
    });
    await testbed.settle();
    expect(joined).toMatchObject({ event: 'room.joined', data: { room: OTHER_ROOM } });
    expect(heard(alice)).toEqual(['gap']);
    expect(await alice.request('room.leave', { room: OTHER_ROOM })).toMatchObject({
      event: 'room.left',
      data: { room: OTHER_ROOM, code: 1000 },
    });
  });
});

import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, Unordered } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';

let running = 0;
let release: () => void;
let held: Promise<void>;

@RoomGateway('/:room')
class SlowGateway {
  @Unordered()
  @SubscribeMessage('slow')
  async slow(): Promise<void> {
    running += 1;
    await held;
  }
}

describe('Unordered messages', () => {
  let testbed: RoomgateTestbed;

  beforeEach(async () => {
    running = 0;
    held = new Promise((resolve) => (release = resolve));
    testbed = await createRoomgateTestbed({
      providers: [SlowGateway],
      roomgate: { maxInboxMessages: 4 },
    });
  });
  afterEach(() => testbed.close());

  it('run beside each other, but only so many of one connection; all are answered in the end', async () => {
    const alice = await testbed.connectAs();
    const replies = Array.from({ length: 50 }, () => alice.request('slow'));
    await testbed.settle();
    // The last one runs in order: it is the one that the others wait for.
    expect(running).toBe(5);
    release();
    for (const reply of replies) expect(await reply).toMatchObject({ event: 'ack' });
    expect(running).toBe(50);
  });
});

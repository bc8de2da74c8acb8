import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { nodeOf, serverEnd } from '../support/node-of.js';

@RoomGateway('/:room')
class IdleGateway {
  @SubscribeMessage('ping')
  ping(): string {
    return 'pong';
  }
}

describe('Drain', () => {
  let testbed: RoomgateTestbed;
  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [IdleGateway],
      roomgate: { closeTimeoutMs: 2_000 },
    });
  });
  afterEach(() => testbed.close());

  it('lets nobody in any more, but those who are in go on', async () => {
    const alice = await testbed.connectAs();
    nodeOf(testbed).drain.begin();
    await testbed.expectRefused(503, 'draining', { token: testbed.mint() });
    expect(await alice.request('ping')).toMatchObject({ data: 'pong' });
  });

  it('tells everybody to come back, each after a time of its own, and is done when they have answered', async () => {
    const members = [
      await testbed.connectAs(),
      await testbed.connectAs(),
      await testbed.connectAs(),
    ];
    const done = nodeOf(testbed).drain.closeAll();
    const times = new Set<number>();
    for (const member of members) {
      const { data } = await member.next('goodbye');
      expect(data).toMatchObject({ code: 1012, reason: 'restart', reconnect: true });
      const { retryAfterMs } = data as { retryAfterMs: number };
      expect(retryAfterMs >= 0 && retryAfterMs <= 5_000 && Number.isInteger(retryAfterMs)).toBe(
        true,
      );
      times.add(retryAfterMs);
      await member.expectClosed(1012);
    }
    await done;
    expect(times.size).toBeGreaterThan(1);
    expect([nodeOf(testbed).registry.size, testbed.clock.pending]).toEqual([0, 1]);
  });

  it('is done at once when nobody is there', async () => {
    await nodeOf(testbed).drain.closeAll();
    expect(nodeOf(testbed).drain.isDraining).toBe(true);
  });

  it('destroys the sockets of those who do not answer in time', async () => {
    const alice = await testbed.connectAs();
    const { socket } = serverEnd(testbed, alice);
    alice.socket.pause();
    let isDone = false;
    const done = nodeOf(testbed)
      .drain.closeAll()
      .then(() => (isDone = true));
    await testbed.advance(1_999);
    expect([isDone, socket.destroyed]).toEqual([false, false]);
    await testbed.advance(1);
    await done;
    expect(socket.destroyed).toBe(true);
    await testbed.settle();
    expect(nodeOf(testbed).registry.size).toBe(0);
  });
});

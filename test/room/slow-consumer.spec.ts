import { RoomGateway, RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed } from 'nestjs-roomgate/testing';
import { ROOM } from '../support/live-room.js';

@RoomGateway('/:room')
class PriceGateway {}

describe('A room of which only the latest counts', () => {
  it('gives a member that was behind the latest of each key, told by a gap, and others everything', async () => {
    const testbed = await createRoomgateTestbed({
      providers: [PriceGateway],
      roomgate: {
        maxOutboxBytes: 131_072,
        rooms: { default: { slowConsumer: 'conflate' } },
      },
    });
    try {
      const slow = await testbed.connectAs({ rooms: [ROOM] });
      const quick = await testbed.connectAs({ rooms: [ROOM] });
      const rooms = testbed.get(RoomService);
      slow.socket.pause();
      for (let n = 0; n < 100; n++) {
        const data = { n, pad: 'x'.repeat(20_000) };
        const conflateKey = n % 2 === 0 ? 'EURUSD' : 'EURGBP';
        await rooms.room(ROOM).broadcast('price', data, { conflateKey });
        await testbed.settle();
      }
      expect(quick.waiting).toHaveLength(100);
      slow.socket.resume();
      for (let round = 0; round < 10; round++) await testbed.settle();
      const [gap, ...latest] = slow.waiting.slice(-3);
      expect(gap).toMatchObject({
        event: 'gap',
        data: { room: ROOM, missed: expect.any(Number) as number },
      });
      expect(latest.map(({ data }) => (data as { n: number }).n)).toEqual([98, 99]);
      expect(slow.waiting.filter(({ event }) => event === 'price').length).toBeLessThan(20);
      await expect(
        rooms.room(ROOM).broadcast('price', 1, { conflateKey: 'x'.repeat(65) }),
      ).rejects.toMatchObject({ code: 'invalid_data' });
    } finally {
      await testbed.close();
    }
  });
});

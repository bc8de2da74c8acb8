import { RoomGateway, RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed } from 'nestjs-roomgate/testing';
import { banned, GatedPolicy, resetSeams } from '../support/gated-seams.js';
import { OTHER_ROOM, ROOM } from '../support/live-room.js';

@RoomGateway('/:room', { policy: GatedPolicy })
class AnyGateway {}

describe('What a room told a member in a reply', () => {
  it('is lost with the room while it waits to be read, and the reply of another room is not', async () => {
    resetSeams();
    const testbed = await createRoomgateTestbed({
      providers: [AnyGateway, GatedPolicy],
      roomgate: { rooms: { default: { history: { size: 10 }, presence: true } } },
    });
    try {
      const rooms = testbed.get(RoomService);
      const alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM, OTHER_ROOM] });
      await alice.request('room.join', { room: OTHER_ROOM });
      await rooms.room(ROOM).broadcast('said', 'secret');
      alice.socket.pause();
      const [member] = rooms.members(ROOM);
      for (const room of [ROOM, OTHER_ROOM]) {
        alice.send('room.presence', {}, `p-${room}`, { room });
        alice.send('room.history', {}, `h-${room}`, { room });
      }
      for (let n = 0; n < 8; n++) member?.send('filler', 'x'.repeat(30_000));
      await testbed.settle();
      banned.add(`alice ${ROOM}`);
      await rooms.room(ROOM).reauthorize();
      alice.socket.resume();
      for (let n = 0; n < 6; n++) await testbed.settle();
      const acked = alice.waiting.flatMap(({ event, id }) => (event === 'ack' ? [id] : []));
      expect(new Set(acked)).toEqual(new Set([`h-${OTHER_ROOM}`, `p-${OTHER_ROOM}`]));
      expect(alice.waiting.map(({ event }) => event)).toContain('room.left');
    } finally {
      resetSeams();
      await testbed.close();
    }
  });
});

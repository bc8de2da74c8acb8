import { heapBytes } from '../support/heap-bytes.js';
import { HostileRoom } from '../support/hostile-room.js';
import { eventually } from '../support/poll.js';

const MIB = 1_024 * 1_024;
const READERS = 200;
const MAX_OUTBOX_BYTES = 131_072;
const PUBLICATIONS = 150;
const TEXT = 'x'.repeat(50_000);

describe('Hundreds of members that do not read', () => {
  let room: HostileRoom;

  beforeEach(async () => {
    room = await HostileRoom.open({ roomgate: { maxOutboxBytes: MAX_OUTBOX_BYTES } });
  });
  afterEach(() => room.close());

  it('cost the server little, and the one that reads nothing', async () => {
    for (let entered = 0; entered < READERS; entered += 50) {
      const some = await Promise.all(Array.from({ length: 50 }, () => room.enter()));
      for (const { socket } of some) socket.pause();
    }
    const before = heapBytes();
    const handle = room.app.node.rooms.room(room.id);
    for (let n = 0; n < PUBLICATIONS; n++) {
      await handle.broadcast('news', [n, TEXT]);
      expect((await room.neighbour.next('news')).data).toEqual([n, TEXT]);
    }
    expect(heapBytes() - before).toBeLessThan(8 * MIB);
    // Full outboxes are 26 MB. The clients are in this process too, and what they have received is not theirs alone.
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(48 * MIB);
    // Six verdict deadlines, in which a reader has to take something.
    room.app.clock.advance(31_000);
    await eventually(() => {
      room.app.clock.advance(2_000);
      const open = [...room.app.node.registry.all()].filter(({ isOpen }) => isOpen);
      // What the kernel takes for a reader is its own affair; those it took all for are still members.
      return open.length < READERS / 2;
    }, 'those that read nothing to be closed');
    room.leave();
    await room.expectServed();
    await room.expectNothingLeft();
  }, 30_000);

  it('do not keep a full room from being left: what waits for them is let go', async () => {
    const handle = room.app.node.rooms.room(room.id);
    const before = process.memoryUsage().arrayBuffers;
    for (let entered = 0; entered < 50; entered++) (await room.enter()).socket.pause();
    for (let n = 0; n < PUBLICATIONS; n++) {
      await handle.broadcast('news', [n, TEXT]);
      await room.neighbour.next('news');
    }
    room.leave();
    // Whoever has read everything is not watched as a slow reader any more.
    room.app.clock.advance(31_000);
    await room.expectNothingLeft();
    await eventually(() => {
      heapBytes();
      return process.memoryUsage().arrayBuffers < before + 8 * MIB;
    }, 'the bytes to be let go');
    await room.expectServed();
  }, 30_000);
});

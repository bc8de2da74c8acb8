import fc from 'fast-check';
import type { RoomKey } from '../../src/admission/room-id.js';
import { encodeTextFrame } from '../../src/connection/frame.js';
import { RoomBatch } from '../../src/connection/room-batch.js';
import { FakeOwner } from '../support/outbox-owner.js';
import { propertyRuns } from '../support/property-runs.js';

const KEY = 'default/a' as RoomKey;
const KIB = 1024;

/** A turn in which a room says something `count` times. */
function publish(owner: FakeOwner, count: number, size: number, name = 'p'): void {
  const batch = new RoomBatch(KEY);
  owner.outbox.addBatch(batch, 0);
  for (let index = 0; index < count; index++)
    batch.append(encodeTextFrame(`${name}${index}`.padEnd(size, '.')));
  owner.turn.flush();
}

const handedOver = (owner: FakeOwner): number => owner.socket.bytes.length;

describe('A reader that is behind', () => {
  let owner: FakeOwner;
  beforeEach(() => {
    owner = new FakeOwner();
    owner.socket.stall();
  });

  it('gets one turn of 100 publications in chunks of whole frames', async () => {
    publish(owner, 100, 2_000);
    expect(handedOver(owner)).toBeLessThanOrEqual(64 * KIB);
    expect(handedOver(owner) + owner.outbox.backlogBytes).toBe(100 * 2_004);
    await owner.socket.readAll();
    expect(owner.texts.map((text) => text.slice(0, text.indexOf('.')))).toEqual(
      Array.from({ length: 100 }, (_, index) => `p${index}`),
    );
    expect(owner.outbox.backlogBytes).toBe(0);
  });

  it('has at most 64 KiB of many turns', async () => {
    for (let turn = 0; turn < 40; turn++) publish(owner, 2, 10_000, `t${turn}-`);
    expect(handedOver(owner)).toBeLessThanOrEqual(64 * KIB);
    await owner.socket.readAll();
    expect(owner.texts).toHaveLength(80);
  });

  it('finds nothing of a kick’s publications but what the socket had', async () => {
    publish(owner, 500, 2_000);
    const had = handedOver(owner);
    expect(had).toBeLessThanOrEqual(64 * KIB);
    owner.outbox.drop();
    owner.send('goodbye', true);
    owner.outbox.finish(() => undefined);
    await owner.socket.readAll();
    expect(handedOver(owner)).toBe(had + encodeTextFrame('goodbye').length);
    expect(owner.texts.at(-1)).toBe('goodbye');
  });

  it('gets nothing but control frames once the connection is no longer live, although nobody has closed it yet', async () => {
    publish(owner, 100, 2_000);
    const had = handedOver(owner);
    owner.send('goodbye', true);
    owner.turn.flush();
    owner.isAlive = false;
    await owner.socket.readAll();
    expect(handedOver(owner)).toBe(had + encodeTextFrame('goodbye').length);
  });

  it('gets everything before an ordinary close', async () => {
    publish(owner, 300, 2_000);
    owner.send('last words');
    owner.outbox.finish(() => undefined);
    await owner.socket.readAll();
    expect(owner.outbox.backlogBytes).toBe(0);
    expect(owner.texts).toHaveLength(301);
    expect(owner.texts.at(-1)).toBe('last words');
  });

  it('gets nothing but control frames before a close when the connection is no longer live', async () => {
    publish(owner, 300, 2_000);
    const had = handedOver(owner);
    owner.send('goodbye', true);
    owner.isAlive = false;
    owner.outbox.finish(() => undefined);
    await owner.socket.readAll();
    expect(handedOver(owner)).toBe(had + encodeTextFrame('goodbye').length);
  });

  it('gets no frame after a close frame that was sent in answer to its own', async () => {
    publish(owner, 300, 2_000);
    const had = handedOver(owner);
    owner.isOpen = false;
    owner.outbox.finish(() => undefined);
    await owner.socket.readAll();
    expect(handedOver(owner)).toBe(had);
  });

  it('gets a frame larger than a chunk whole', async () => {
    publish(owner, 3, 200 * KIB);
    await owner.socket.readAll();
    expect(owner.texts.map((text) => text.length)).toEqual([200 * KIB, 200 * KIB, 200 * KIB]);
  });

  it('has no more kept for it than the limit, counting what the socket holds', () => {
    const small = new FakeOwner(owner.turn, 'member', 100_000);
    small.socket.stall();
    publish(small, 1, 30_000 - 4);
    publish(small, 2, 35_000 - 4);
    expect(small.outbox.backlogBytes + small.socket.writableLength).toBe(100_000);
    publish(small, 1, 1);
    expect(small.outbox.backlogBytes + small.socket.writableLength).toBe(100_000);
  });

  it('counts as stalled when it has taken nothing for the slow-reader timeout, and not before', async () => {
    publish(owner, 100, 2_000);
    owner.clock.advance(20_000);
    await owner.socket.readOne();
    await owner.socket.readOne();
    owner.clock.advance(29_999);
    expect(owner.timesStalled).toBe(0);
    owner.clock.advance(251);
    expect(owner.timesStalled).toBe(1);
  });

  it('does not count as stalled when it has read everything, or is gone', async () => {
    publish(owner, 100, 2_000);
    await owner.socket.readAll();
    owner.clock.advance(100_000);
    owner.socket.stall();
    publish(owner, 100, 2_000);
    owner.outbox.stop();
    owner.clock.advance(100_000);
    expect([owner.timesStalled, owner.outbox.backlogBytes, owner.clock.pending]).toEqual([0, 0, 0]);
  });

  it('accounts for every byte, whatever is sent and read', async () => {
    const step = fc.oneof(
      fc.record({ send: fc.integer({ min: 0, max: 40_000 }) }),
      fc.record({ publish: fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 12 }) }),
      fc.constant('read' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const reader = new FakeOwner(undefined, 'member', 1e9);
        reader.socket.stall();
        let expected = 0;
        for (const next of steps) {
          if (next === 'read') await reader.socket.readOne();
          else {
            const batch = new RoomBatch(KEY);
            reader.outbox.addBatch(batch, 0);
            const sizes = 'send' in next ? [next.send] : next.publish;
            for (const text of sizes.map((size) => 'x'.repeat(size))) {
              const frame = encodeTextFrame(text);
              if ('send' in next) reader.outbox.addText(text, false);
              else batch.append(frame);
              expected += frame.length;
            }
            reader.turn.flush();
          }
          expect(handedOver(reader) + reader.outbox.backlogBytes).toBe(expected);
          expect(reader.socket.writableLength).toBeLessThanOrEqual(64 * KIB + 10_000);
        }
        await reader.socket.readAll();
        expect(handedOver(reader)).toBe(expected);
        expect(reader.outbox.backlogBytes).toBe(0);
      }),
      propertyRuns(30),
    );
  });
});

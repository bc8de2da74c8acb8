import type { RoomKey } from '../../src/admission/room-id.js';
import { encodeTextFrame } from '../../src/connection/frame.js';
import { RoomBatch } from '../../src/connection/room-batch.js';
import { behind } from '../support/placed.js';
import { FakeOwner } from '../support/outbox-owner.js';

const A = 'default/a' as RoomKey;
const B = 'default/b' as RoomKey;

describe('Waiting until an outbox is drained', () => {
  let owner: FakeOwner;
  let isDrained: boolean;
  beforeEach(() => {
    owner = new FakeOwner();
    isDrained = false;
  });

  /** 100,000 bytes of a room that its reader does not take. */
  const fill = (key = A): void => {
    const batch = new RoomBatch(key, 'e');
    owner.outbox.addBatch(batch, 0);
    for (let n = 0; n < 10; n++) batch.append(encodeTextFrame('x'.repeat(9_996)), behind(n));
    owner.turn.flush();
  };
  const wait = (): void => void owner.outbox.drained().then(() => (isDrained = true));
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('does not wait when nothing does', async () => {
    wait();
    await settled();
    expect(isDrained).toBe(true);
  });

  it('does not wait for a reader that takes everything at once', async () => {
    fill();
    wait();
    await settled();
    expect([isDrained, owner.outbox.backlogBytes]).toEqual([true, 0]);
  });

  it('waits until the socket was given the last of it', async () => {
    owner.socket.stall();
    fill();
    wait();
    await settled();
    expect(isDrained).toBe(false);
    await owner.socket.readOne();
    expect([isDrained, owner.outbox.backlogBytes > 0]).toEqual([false, true]);
    await owner.socket.readAll();
    expect([isDrained, owner.outbox.backlogBytes]).toEqual([true, 0]);
    expect(owner.texts).toHaveLength(10);
  });

  it('waits for what came behind it as well, and tells all who wait', async () => {
    owner.socket.stall();
    fill();
    wait();
    let others = 0;
    for (let n = 0; n < 3; n++) void owner.outbox.drained().then(() => (others += 1));
    fill(B);
    await owner.socket.readAll();
    expect([isDrained, others, owner.texts.length]).toEqual([true, 3, 20]);
  });

  it.each<[string, () => void]>([
    ['dropped with its room', () => owner.outbox.drop(A)],
    ['dropped with everything', () => owner.outbox.drop()],
    ['handed over before a close', () => owner.outbox.finish(() => undefined)],
    [
      'dropped because the connection is muted',
      () => {
        owner.isAlive = false;
        owner.send('goodbye', true);
        owner.turn.flush();
        owner.isAlive = true;
      },
    ],
  ])('is over when what waits is %s', async (_, act) => {
    owner.socket.stall();
    fill();
    wait();
    act();
    await owner.socket.readAll();
    expect(isDrained).toBe(true);
  });

  it('is not over when what is dropped is of another room', async () => {
    owner.socket.stall();
    fill(A);
    fill(B);
    wait();
    owner.outbox.drop(B);
    await settled();
    expect(isDrained).toBe(false);
  });
});

describe('RoomBatch cut into pieces', () => {
  const batchOf = (...sizes: number[]): RoomBatch => {
    const batch = new RoomBatch(A, 'e');
    for (const [index, size] of sizes.entries())
      batch.append(Buffer.alloc(size, index), behind(10 + index));
    return batch;
  };
  const cut = (batch: RoomBatch, maxBytes: number): unknown[] =>
    batch.cut(maxBytes).map(({ buffer, before }) => [buffer.length, before?.offset]);

  it('has as many publications in each as fit, and knows where each begins', () => {
    expect(cut(batchOf(10, 10, 10, 10, 10), 25)).toEqual([
      [20, 10],
      [20, 12],
      [10, 14],
    ]);
    expect(cut(batchOf(10, 10), 20)).toEqual([[20, 10]]);
  });

  it('has one that is larger in a piece of its own, and never a part of one', () => {
    expect(cut(batchOf(5, 100, 5, 5), 10)).toEqual([
      [5, 10],
      [100, 11],
      [10, 12],
    ]);
    expect(cut(batchOf(1, 1), 0)).toEqual([
      [1, 10],
      [1, 11],
    ]);
  });

  it('says of each piece whose it is, and loses no byte', () => {
    const batch = batchOf(3, 4, 5, 6);
    const pieces = batch.cut(9);
    expect(Buffer.concat(pieces.map(({ buffer }) => buffer))).toEqual(batch.toBuffer());
    for (const { key, isControl, before } of pieces)
      expect([key, isControl, before?.epoch]).toEqual([A, false, 'e']);
  });

  it('is nothing when nothing was said', () => {
    expect(batchOf().cut(10)).toEqual([]);
    expect(batchOf().before).toBeUndefined();
  });
});

import type { RoomKey } from '../../src/admission/room-id.js';
import { encodeTextFrame } from '../../src/connection/frame.js';
import { HeldPiece } from '../../src/connection/backlog.js';
import { RoomBatch } from '../../src/connection/room-batch.js';
import { relieve } from '../../src/connection/slow-consumer.js';
import { heapBytes } from '../support/heap-bytes.js';
import { FakeOwner } from '../support/outbox-owner.js';
import { behind } from '../support/placed.js';

const KEY = 'default/a' as RoomKey;
const LIMIT = 65_536;

describe('A reader that is behind in a room of which only the latest counts', () => {
  let owner: FakeOwner;
  let offset: number;
  beforeEach(() => {
    owner = new FakeOwner(undefined, 'member', LIMIT, 'conflate');
    owner.socket.stall();
    offset = 0;
  });

  const say = (size: number, conflateKey?: string): void => {
    const batch = new RoomBatch(KEY, 'e');
    owner.outbox.addBatch(batch, 0);
    const before = offset++;
    const text = JSON.stringify({ conflateKey }).padEnd(size, ' ');
    batch.append(encodeTextFrame(text), { before, offset, conflateKey });
    owner.turn.flush();
  };
  const gotKeys = (): unknown[] =>
    owner.texts.map((text) => (JSON.parse(text) as { conflateKey?: string }).conflateKey);

  it('keeps the latest of each key while there is something else to drop', async () => {
    for (let n = 0; n < 8; n++) say(500, `key ${n}`);
    for (let n = 0; n < 1_000; n++) say(500);
    expect(owner.timesStalled).toBe(0);
    await owner.socket.readAll();
    expect(gotKeys()).toEqual(
      expect.arrayContaining(Array.from({ length: 8 }, (_, n) => `key ${n}`)),
    );
  });

  it('loses the oldest of the latest, and no more of them than an eighth at a time', () => {
    let least = Infinity;
    for (let n = 0; n < 1_000; n++) {
      say(500, `key ${n}`);
      if (n > 200) least = Math.min(least, owner.outbox.backlogBytes);
    }
    expect(owner.timesStalled).toBe(0);
    // What is with the socket already counts too.
    expect(least).toBeGreaterThan((LIMIT * 7) / 8 - 2_000);
  });

  it.each([
    ['keyed', (n: number) => `key ${n}`],
    ['not keyed', () => undefined],
  ])('is looked through now and then, not at every publication that is %s', (_, keyOf) => {
    for (let n = 0; n < 1_000; n++) say(500, keyOf(n));
    let drops = 0;
    for (let n = 1_000; n < 2_000; n++) {
      const before = owner.outbox.backlogBytes;
      say(500, keyOf(n));
      if (owner.outbox.backlogBytes <= before) drops += 1;
    }
    expect(drops).toBeLessThan(1_000 / 8);
  });

  it('remembers no key of what it has dropped', async () => {
    let key = 0;
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 20_000; n++) say(600, `key ${key++}`);
      // The turn lets go of the outboxes it has handed over.
      await new Promise((resolve) => setImmediate(resolve));
    };
    await fill();
    const before = heapBytes();
    await fill();
    expect(heapBytes() - before).toBeLessThan(1_000_000);
  });

  it('is asked the rule of a room once, however much of it waits', () => {
    const piece = (): HeldPiece => {
      const batch = new RoomBatch(KEY, 'e');
      batch.append(Buffer.alloc(10), behind(0));
      return new HeldPiece(batch.cut(100)[0] as never);
    };
    const held = Array.from({ length: 100 }, piece);
    let asked = 0;
    const policyOf = (): 'drop-oldest' => (asked++, 'drop-oldest');
    expect(relieve(held, { excess: 5, some: 100, plenty: 500 }, policyOf)).toBe(500);
    expect(asked).toBe(1);
  });
});

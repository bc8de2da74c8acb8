import fc from 'fast-check';
import type { RoomKey } from '../../src/admission/room-id.js';
import { encodeTextFrame } from '../../src/connection/frame.js';
import { RoomBatch } from '../../src/connection/room-batch.js';
import { SLOW_CONSUMER_POLICIES } from '../../src/connection/slow-consumer.js';
import { FakeOwner } from '../support/outbox-owner.js';
import { propertyRuns } from '../support/property-runs.js';

const KEY = 'default/a' as RoomKey;
const LIMIT = 65_536;

/** A room that speaks to one reader, one publication a turn. */
class Speaker {
  offset = 0;

  constructor(readonly owner: FakeOwner) {}

  say(size: number, conflateKey?: string): void {
    const batch = new RoomBatch(KEY, 'e');
    this.owner.outbox.addBatch(batch, 0);
    const before = this.offset++;
    const { offset } = this;
    const text = JSON.stringify({ event: 'said', offset, conflateKey }).padEnd(size, ' ');
    batch.append(encodeTextFrame(text), { before, offset, conflateKey });
    this.owner.turn.flush();
  }
}

interface Heard {
  readonly event: 'said' | 'gap';
  readonly offset?: number;
  readonly conflateKey?: string;
  readonly data?: { room: string; offset: number; epoch: string; missed: number };
}

const heard = (owner: FakeOwner): Heard[] =>
  owner.texts.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text) as Heard);

/** Offsets and gaps as `>offset (missed)`. */
const short = (owner: FakeOwner): string[] =>
  heard(owner).map(({ offset, data }) =>
    data ? `>${data.offset} (${data.missed})` : String(offset),
  );

const readerOf = (policy: (typeof SLOW_CONSUMER_POLICIES)[number]): [FakeOwner, Speaker] => {
  const owner = new FakeOwner(undefined, 'member', LIMIT, policy);
  owner.socket.stall();
  return [owner, new Speaker(owner)];
};

describe('A member that does not read in time', () => {
  it('loses the newest until it is closed, where the policy is to close', async () => {
    const [owner, speaker] = readerOf('close');
    for (let n = 0; n < 10; n++) speaker.say(10_000);
    expect(owner.timesStalled).toBe(0);
    owner.clock.advance(30_250);
    expect(owner.timesStalled).toBe(1);
    await owner.socket.readAll();
    expect(short(owner)).toEqual(['1', '2', '3', '4', '5', '6', '>10 (4)']);
  });

  it.each(['drop-oldest', 'drop-newest', 'conflate'] as const)(
    'is not closed for what a room said where the policy is to %s',
    (policy) => {
      const [owner, speaker] = readerOf(policy);
      for (let n = 0; n < 10; n++) speaker.say(10_000);
      owner.clock.advance(300_000);
      expect(owner.timesStalled).toBe(0);
    },
  );

  it('is never given a publication that is larger than the limit', async () => {
    const [owner, speaker] = readerOf('close');
    speaker.say(LIMIT + 1);
    speaker.say(100);
    await owner.socket.readAll();
    expect(short(owner)).toEqual(['>1 (1)', '2']);
  });

  it('loses the oldest, and is told which, before the next one', async () => {
    const [owner, speaker] = readerOf('drop-oldest');
    for (let n = 0; n < 10; n++) speaker.say(10_000);
    expect(owner.timesStalled).toBe(0);
    await owner.socket.readAll();
    expect(short(owner)).toEqual(['1', '2', '>6 (4)', '7', '8', '9', '10']);
    expect(heard(owner).find(({ data }) => data)?.data).toEqual({
      room: 'a',
      epoch: 'e',
      offset: 6,
      missed: 4,
    });
  });

  it('loses the newest until it has read half, and is told how many they were', async () => {
    const [owner, speaker] = readerOf('drop-newest');
    for (let n = 0; n < 10; n++) speaker.say(10_000);
    await owner.socket.readAll();
    expect(short(owner)).toEqual(['1', '2', '3', '4', '5', '6', '>10 (4)']);
    speaker.say(10_000);
    expect(short(owner).at(-1)).toBe('11');
  });

  it('gets the latest of each key, and is told what it did not get', async () => {
    const [owner, speaker] = readerOf('conflate');
    for (let n = 0; n < 8; n++) speaker.say(8_000, n % 2 === 0 ? 'even' : 'odd');
    for (let n = 0; n < 2_000; n++) speaker.say(8_000, n % 2 === 0 ? 'even' : 'odd');
    expect(owner.timesStalled).toBe(0);
    expect(owner.outbox.backlogBytes).toBeLessThan(20_000);
    await owner.socket.readAll();
    expect(short(owner).slice(-3)).toEqual(['>2006 (2004)', '2007', '2008']);
  });

  it('gets what is not conflated in full, as long as there is space', async () => {
    const [owner, speaker] = readerOf('conflate');
    for (let n = 0; n < 5; n++) {
      speaker.say(5_000);
      speaker.say(5_000, 'price');
    }
    await owner.socket.readAll();
    const plain = heard(owner).filter(({ event, conflateKey }) => event === 'said' && !conflateKey);
    expect(plain.map(({ offset }) => offset)).toEqual([1, 3, 5, 7, 9]);
  });

  it('is closed all the same when it does not take what may not be dropped', () => {
    const [owner, speaker] = readerOf('drop-oldest');
    for (let n = 0; n < 8; n++) owner.send('x'.repeat(8_000));
    speaker.say(10_000);
    owner.turn.flush();
    expect(owner.outbox.backlogBytes + owner.socket.writableLength).toBeLessThanOrEqual(LIMIT);
    owner.clock.advance(30_250);
    expect(owner.timesStalled).toBe(1);
  });

  it('is told of the gap although it never gets anything again', async () => {
    const [owner, speaker] = readerOf('drop-newest');
    for (let n = 0; n < 7; n++) speaker.say(10_000);
    await owner.socket.readAll();
    expect(short(owner).at(-1)).toMatch(/^>7 /);
  });

  it('costs at most its limit, and is told of everything that it does not get, whatever it reads and when', async () => {
    const step = fc.oneof(
      fc.record({
        size: fc.integer({ min: 60, max: 20_000 }),
        key: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
        times: fc.integer({ min: 1, max: 12 }),
      }),
      fc.constant('read' as const),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SLOW_CONSUMER_POLICIES),
        fc.array(step, { maxLength: 40 }),
        async (policy, steps) => {
          const [owner, speaker] = readerOf(policy);
          for (const each of steps) {
            if (each === 'read') await owner.socket.readOne();
            else for (let n = 0; n < each.times; n++) speaker.say(each.size, each.key);
            expect(owner.outbox.backlogBytes + owner.socket.writableLength).toBeLessThanOrEqual(
              LIMIT,
            );
          }
          expect(owner.timesStalled).toBe(0);
          await owner.socket.readAll();
          let at = 0;
          let missed = 0;
          for (const { offset, data } of heard(owner)) {
            const next = data ? data.offset : (offset as number);
            expect(data ? next > at : next === at + 1).toBe(true);
            missed += data?.missed ?? 0;
            at = next;
          }
          expect(at).toBe(speaker.offset);
          const got = heard(owner).filter(({ event }) => event === 'said').length;
          expect(missed).toBe(speaker.offset - got);
        },
      ),
      propertyRuns(60),
    );
  });
});

import fc from 'fast-check';
import { FakeClock } from 'nestjs-roomgate/testing';
import { type Deadline, TimingWheel } from '../../src/connection/timing-wheel.js';
import { propertyRuns } from '../support/property-runs.js';

const YEAR = 365 * 24 * 3_600_000;
const ROUND = 512 * 250;

interface Entry {
  readonly dueAt: number;
  deadline: Deadline;
  /** How long the clock has run past it, and how long it may. */
  overdueMs: number;
  graceMs: number;
  isGone: boolean;
}

describe('TimingWheel', () => {
  let clock: FakeClock;
  let wheel: TimingWheel;
  const fired: string[] = [];
  const add = (name: string, inMs: number): Deadline =>
    wheel.add(clock.now() + inMs, () => fired.push(name));

  beforeEach(() => {
    clock = new FakeClock(1_700_000_000_123);
    wheel = new TimingWheel(clock, () => clock.now());
    fired.length = 0;
  });

  it.each([1, 249, 250, 1_000, ROUND - 1, ROUND, ROUND + 1, 3 * ROUND + 77])(
    'calls back within 250 ms after %d ms, never early, once',
    (delay) => {
      add('a', delay);
      clock.advance(delay - 1);
      expect(fired).toEqual([]);
      clock.advance(251);
      expect(fired).toEqual(['a']);
      clock.advance(2 * ROUND);
      expect(fired).toEqual(['a']);
    },
  );

  it('calls back soon for a time that has passed', () => {
    add('a', -YEAR);
    expect(fired).toEqual([]);
    clock.advance(500);
    expect(fired).toEqual(['a']);
  });

  it('waits for years, and for a clock that jumps there', () => {
    add('a', 10 * YEAR);
    add('b', 11 * YEAR);
    clock.advance(2 * ROUND);
    expect(fired).toEqual([]);
    clock.step(10 * YEAR);
    clock.advance(250);
    expect(fired).toEqual(['a']);
    expect(wheel.size).toBe(1);
  });

  it('holds one timer while there are deadlines, and none without', () => {
    const deadlines = [add('a', 100), add('b', 5_000), add('c', YEAR)];
    expect(clock.pending).toBe(1);
    for (const deadline of deadlines) wheel.cancel(deadline);
    expect(wheel.size).toBe(0);
    clock.advance(250);
    expect(clock.pending).toBe(0);
  });

  it('counts a deadline once, however often it is cancelled', () => {
    const a = add('a', 100);
    add('b', 100);
    wheel.cancel(a);
    wheel.cancel(a);
    expect(wheel.size).toBe(1);
    clock.advance(500);
    wheel.cancel(a);
    expect(wheel.size).toBe(0);
    expect(fired).toEqual(['b']);
  });

  it('stops', () => {
    add('a', 100);
    wheel.stop();
    clock.advance(1_000);
    expect([fired, wheel.size, clock.pending]).toEqual([[], 0, 0]);
  });

  it('lets a callback cancel and add, also for a time that has passed', () => {
    const b = wheel.add(clock.now() + 100, () => fired.push('b'));
    let rounds = 0;
    const again = (): void => {
      wheel.cancel(b);
      fired.push('a');
      if (++rounds < 3) wheel.add(clock.now() - 5_000, again);
    };
    wheel.cancel(b);
    add('far', YEAR);
    wheel.add(clock.now() + 600, again);
    clock.step(900);
    clock.advance(1_000);
    expect(fired).toEqual(['a', 'a', 'a']);
  });

  it('comes to an end behind a clock that jumped, whatever its callbacks add', () => {
    let rounds = 0;
    const again = (): void => {
      if (++rounds > 5_000) throw new Error('This never ends.');
      wheel.add(clock.now() - 5_000, again);
    };
    for (let aheadMs = 0; aheadMs < ROUND; aheadMs += 250) {
      wheel = new TimingWheel(clock, () => clock.now());
      rounds = 0;
      wheel.add(clock.now() + 100, again);
      clock.step(ROUND + aheadMs);
      clock.advance(1_000);
      expect(rounds).toBeLessThan(600);
      wheel.stop();
    }
  });

  it('is on time for what is added right after the clock was set back', () => {
    add('a', 10 * YEAR);
    clock.step(-3_600_000);
    add('b', 1_000);
    clock.advance(1_250);
    expect(fired).toEqual(['b']);
  });

  it('does as a model does, whatever is added and cancelled and however the clock moves', () => {
    const step = fc.oneof(
      fc.record({
        add: fc.oneof(
          fc.integer({ min: -1_000, max: 3_000 }),
          fc.integer({ min: 0, max: 3 * ROUND }),
          fc.integer({ min: YEAR, max: 20 * YEAR }),
        ),
      }),
      fc.record({ cancel: fc.nat(30) }),
      fc.record({ advance: fc.oneof(fc.nat(600), fc.nat(2 * ROUND)) }),
      fc.record({
        set: fc.oneof(fc.integer({ min: -7_200_000, max: 7_200_000 }), fc.nat(9 * YEAR)),
      }),
    );
    fc.assert(
      fc.property(fc.nat(1_000), fc.array(step, { maxLength: 60 }), (phase, steps) => {
        const time = new FakeClock(1_700_000_000_000 + phase);
        const tested = new TimingWheel(time, () => time.now());
        const model: Entry[] = [];
        let advancedAt = 0;
        const pending = (): Entry[] => model.filter(({ isGone }) => !isGone);
        for (const next of steps) {
          if ('add' in next) {
            const dueAt = time.now() + next.add;
            const entry = { dueAt, overdueMs: 0, graceMs: 250, isGone: false } as Entry;
            entry.deadline = tested.add(dueAt, () => {
              expect([entry.isGone, time.now() >= dueAt]).toEqual([false, true]);
              const overdueMs = Math.min(time.now() - advancedAt, time.now() - dueAt);
              expect(entry.overdueMs + overdueMs).toBeLessThanOrEqual(entry.graceMs);
              entry.isGone = true;
            });
            model.push(entry);
          } else if ('cancel' in next) {
            const entry = model[next.cancel];
            if (entry) tested.cancel(entry.deadline);
            if (entry) entry.isGone = true;
          } else if ('set' in next) {
            time.step(next.set);
            // What waits for the end of its tick waits longer by as much as the clock was set back.
            for (const entry of pending()) entry.graceMs += Math.max(0, -next.set);
          } else {
            advancedAt = time.now();
            time.advance(next.advance);
            for (const entry of pending())
              entry.overdueMs += Math.max(0, Math.min(next.advance, time.now() - entry.dueAt));
          }
          expect(tested.size).toBe(pending().length);
          expect(pending().filter(({ overdueMs, graceMs }) => overdueMs > graceMs)).toEqual([]);
        }
      }),
      propertyRuns(100),
    );
  });
});

import fc from 'fast-check';
import { FakeClock } from 'nestjs-roomgate/testing';
import { MemoryEngine } from '../../../../src/room/engine/memory/memory.engine.js';
import type { HistoryLimits } from '../../../../src/room/engine/engine.js';
import { propertyRuns } from '../../../support/property-runs.js';

const LIMITS: HistoryLimits = { size: 100, ttlMs: 60_000, maxBytes: 10_000 };
/** With the 128 bytes that each publication counts for besides, 1,000. */
const BODY = 'x'.repeat(872);
const ALL = { limit: 1_000, maxBytes: 1_048_576 };

describe('The rooms that the memory engine keeps', () => {
  let clock: FakeClock;
  let engine: MemoryEngine;
  let lastId = 0;
  const make = (maxHistoryBytes: number): void => {
    engine = new MemoryEngine(() => clock.now(), maxHistoryBytes);
    engine.start({
      deliver: () => undefined,
      interrupted: () => undefined,
      presence: () => undefined,
    });
  };
  const say = (key: string, body = BODY, history = LIMITS): void =>
    void engine.publish(key, body, { publicationId: `p${++lastId}`, history });
  const kept = (...keys: string[]): number[] =>
    keys.map((key) => engine.read(key, ALL).publications.length);

  beforeEach(() => (clock = new FakeClock()));

  it('make space for who speaks by those that nobody uses, the longest unused first', () => {
    make(5_600);
    for (const key of ['used', 'first', 'second', 'third']) {
      engine.subscribe(key, LIMITS);
      say(key);
    }
    for (const key of ['second', 'first', 'third']) engine.unsubscribe(key);
    expect(kept('used', 'first', 'second', 'third')).toEqual([1, 1, 1, 1]);
    say('used');
    expect(kept('used', 'first', 'second', 'third')).toEqual([2, 1, 0, 1]);
    say('used');
    expect(kept('used', 'first', 'second', 'third')).toEqual([3, 0, 0, 1]);
    for (const _ of [1, 2, 3]) say('used');
    expect(kept('used', 'third')).toEqual([5, 0]);
  });

  it('lose the oldest of the room that speaks when all are in use', () => {
    make(4_000);
    for (const key of ['a', 'b']) {
      engine.subscribe(key, LIMITS);
      say(key);
      say(key);
    }
    say('b');
    expect(kept('a', 'b')).toEqual([2, 2]);
    expect(engine.read('b', ALL).publications.map(({ offset }) => offset)).toEqual([2, 3]);
    say('b', 'x'.repeat(3_900));
    expect(kept('a', 'b')).toEqual([2, 0]);
    expect(engine.read('b', ALL).position.offset).toBe(4);
    say('b');
    expect(kept('a', 'b')).toEqual([2, 1]);
  });

  it('lose the oldest of the room that speaks, and not the room, when it is the only one that nobody uses', () => {
    make(4_000);
    say('a');
    const { epoch } = engine.read('a', ALL).position;
    for (let n = 0; n < 5; n++) say('a');
    expect(engine.read('a', ALL)).toMatchObject({
      publications: [{ offset: 4 }, { offset: 5 }, { offset: 6 }],
      position: { offset: 6, epoch },
    });
  });

  it('keep nothing when they may keep nothing, and speak all the same', () => {
    make(0);
    engine.subscribe('a', LIMITS);
    say('a');
    say('unused');
    expect(kept('a', 'unused')).toEqual([0, 0]);
    expect(engine.read('a', ALL).position.offset).toBe(1);
  });

  it('give space back when what they kept has become too old, although nobody asks for it', () => {
    make(4_000);
    for (const key of ['q1', 'q2', 'q3', 'q4']) {
      engine.subscribe(key, LIMITS);
      say(key);
    }
    engine.subscribe('lively', LIMITS);
    say('lively');
    expect(kept('lively')).toEqual([0]);
    clock.advance(60_000);
    say('lively');
    say('lively');
    expect(kept('lively', 'q1')).toEqual([2, 0]);
  });

  it('forget rooms in which nobody ever spoke, when somebody walks through too many of them', () => {
    make(100_000);
    const first = engine.subscribe('room 0', LIMITS);
    engine.unsubscribe('room 0');
    for (let n = 1; n < 300; n++) {
      engine.subscribe(`room ${n}`, LIMITS);
      engine.unsubscribe(`room ${n}`);
    }
    const last = engine.subscribe('room 299', LIMITS);
    engine.unsubscribe('room 299');
    expect(engine.subscribe('room 299', LIMITS)).toEqual(last);
    expect(engine.subscribe('room 0', LIMITS).epoch).not.toBe(first.epoch);
  });

  it('never keep more than the bound, nor lose count of it, whatever happens to them', () => {
    const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.oneof(
      fc.tuple(fc.constant('say' as const), keys, fc.integer({ min: 1, max: 3_000 })),
      fc.tuple(fc.constantFrom('in', 'out', 'read'), keys, fc.constant(0)),
      fc.tuple(fc.constant('wait' as const), keys, fc.integer({ min: 1, max: 50_000 })),
    );
    const bound = 8_000;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        clock = new FakeClock();
        make(bound);
        for (const [what, key, amount] of steps) {
          if (what === 'say') say(key, 'x'.repeat(amount));
          else if (what === 'in') engine.subscribe(key, LIMITS);
          else if (what === 'out') engine.unsubscribe(key);
          else if (what === 'read') engine.read(key, ALL);
          else clock.advance(amount);
          const all = ['a', 'b', 'c', 'd', 'e'].flatMap(
            (one) => engine.read(one, ALL).publications,
          );
          const bytes = all.reduce((sum, { body }) => sum + body.length + 128, 0);
          expect(bytes).toBeLessThanOrEqual(bound);
        }
        // With all of them forgotten the whole bound is free again.
        for (const key of ['a', 'b', 'c', 'd', 'e']) engine.unsubscribe(key);
        clock.advance(60_000);
        engine.subscribe('new', LIMITS);
        for (let n = 0; n < 8; n++) say('new');
        expect(kept('new')).toEqual([8]);
      }),
      propertyRuns(200),
    );
  });
});

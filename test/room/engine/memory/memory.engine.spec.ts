import { FakeClock } from 'nestjs-roomgate/testing';
import { MemoryEngine, RecentIds } from '../../../../src/room/engine/memory/memory.engine.js';
import { describeRoomEngine } from 'nestjs-roomgate/engine';

describe('MemoryEngine', () => {
  // With its functions given, as in a framework that has no globals.
  const runner = { describe, it, beforeEach, afterEach, expect };
  describeRoomEngine(() => {
    const clock = new FakeClock();
    return {
      engine: new MemoryEngine(() => clock.now()),
      settle: () => Promise.resolve(),
      advance: (ms) => clock.advance(ms),
    };
  }, runner);

  it('delivers before publish returns', () => {
    const engine = new MemoryEngine();
    const bodies: string[] = [];
    engine.start({
      deliver: (_, { body }) => bodies.push(String(body)),
      interrupted: () => undefined,
      presence: () => undefined,
    });
    engine.subscribe('a');
    engine.publish('a', '1', { publicationId: 'p' });
    expect(bodies).toEqual(['1']);
    engine.stop();
    engine.publish('a', '2', { publicationId: 'q' });
    expect(bodies).toEqual(['1']);
  });

  it('takes an id for a new publication after a minute', () => {
    const clock = new FakeClock();
    const engine = new MemoryEngine(() => clock.now());
    engine.start({
      deliver: () => undefined,
      interrupted: () => undefined,
      presence: () => undefined,
    });
    engine.subscribe('a');
    const publish = (): number => engine.publish('a', '1', { publicationId: 'same' }).offset;
    expect(publish()).toBe(1);
    clock.advance(59_999);
    expect(publish()).toBe(1);
    clock.advance(60_001);
    expect(publish()).toBe(2);
  });
});

describe('RecentIds', () => {
  it('keeps the newest five hundred at least, and a thousand at most', () => {
    const recent = new RecentIds();
    for (let id = 0; id < 5_000; id++) recent.add(String(id), id, 0);
    const known = Array.from({ length: 5_000 }, (_, id) => recent.find(String(id), 1)).filter(
      (offset) => offset !== undefined,
    );
    expect(known.slice(-500)).toEqual(Array.from({ length: 500 }, (_, n) => 4_500 + n));
    expect(known.length).toBeLessThanOrEqual(1_000);
  });

  it.each([0, 1_000, 59_999])(
    'knows one of %d ms after the last for a minute, and not for two',
    (after) => {
      const recent = new RecentIds();
      recent.add('a', 1, 0);
      recent.add('b', 2, after);
      expect(recent.find('b', after + 59_999)).toBe(2);
      expect(recent.find('b', after + 120_000)).toBeUndefined();
    },
  );

  it('forgets although the clock was set back', () => {
    const recent = new RecentIds();
    recent.add('a', 1, 1_000_000);
    expect(recent.find('a', 0)).toBe(1);
    expect(recent.find('a', 120_000)).toBeUndefined();
  });
});

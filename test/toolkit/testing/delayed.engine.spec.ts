import { FakeClock } from 'nestjs-roomgate/testing';
import { DelayedEngine } from '../../../src/toolkit/testing/delayed.engine.js';
import { MemoryEngine } from '../../../src/room/engine/memory/memory.engine.js';
import { propertyRuns } from '../../support/property-runs.js';
import { describeRoomEngine } from 'nestjs-roomgate/engine';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const seeds = Array.from(
  { length: Math.min(propertyRuns(10).numRuns, 1_000) },
  (_, index) => index + 1,
);

describe.each(seeds)('DelayedEngine with seed %d', (seed) => {
  describeRoomEngine(() => {
    const clock = new FakeClock();
    const inner = new MemoryEngine(() => clock.now());
    return {
      engine: new DelayedEngine(seed, 4, inner),
      settle: () => turns(160),
      advance: (ms) => clock.advance(ms),
    };
  });
});

describe('DelayedEngine', () => {
  it('answers and delivers later, and in ways that differ with the seed', async () => {
    const orders = new Set<string>();
    for (const seed of seeds) {
      const engine = new DelayedEngine(seed);
      const seen: string[] = [];
      await engine.start({
        deliver: (key, { body }) => seen.push(key + body),
        interrupted: () => undefined,
        presence: () => undefined,
      });
      await Promise.all([engine.subscribe('a'), engine.subscribe('b')]);
      for (let n = 0; n < 5; n++) {
        void engine.publish('a', String(n), { publicationId: String(n) });
        void engine.publish('b', String(n), { publicationId: String(n) });
      }
      expect(seen).toEqual([]);
      await turns(40);
      expect(seen).toHaveLength(10);
      orders.add(seen.join());
      await engine.stop();
    }
    expect(orders.size).toBeGreaterThan(seeds.length / 3);
  });
});

import { backoff } from '../../../src/redis/network/link.js';

const longest = (failures: number): number => backoff(failures, () => 1);

describe('The wait before the next attempt', () => {
  it('doubles from 50 ms, and is never above 400 ms', () => {
    expect([0, 1, 2, 3, 4, 5, 1_000_000].map(longest)).toEqual([50, 100, 200, 400, 400, 400, 400]);
  });

  it('is at least half of that, so that nobody hurries', () => {
    for (const failures of [0, 1, 2, 3, 50])
      expect(backoff(failures, () => 0)).toBe(longest(failures) / 2);
  });

  it('is another one each time, so that nodes do not come together', () => {
    const waits = new Set(Array.from({ length: 50 }, () => backoff(3)));
    expect(waits.size).toBeGreaterThan(40);
  });
});

import { jest } from '@jest/globals';
import { Clock, SystemClock } from '../../src/core/clock.js';

describe('Clock', () => {
  afterEach(() => jest.restoreAllMocks());

  it('measures durations by a time that setting the system clock does not change', () => {
    const clock = new SystemClock();
    const before = clock.elapsed();
    jest.spyOn(Date, 'now').mockReturnValue(0);
    expect(clock.now()).toBe(0);
    expect(clock.elapsed()).toBeGreaterThanOrEqual(before);
    expect(clock.elapsed()).toBeLessThan(before + 60_000);
  });

  it('takes now() for both in a clock of the application that has no elapsed()', () => {
    class OwnClock extends Clock {
      now = (): number => 1_234;
      setTimer = (): (() => void) => () => undefined;
    }
    expect(new OwnClock().elapsed()).toBe(1_234);
  });
});

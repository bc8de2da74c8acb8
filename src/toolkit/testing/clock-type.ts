import type { Type } from '@nestjs/common';
import { Clock } from '../../core/clock.js';

/** The class by which a module, which makes its own clock, is given one that a test holds. @internal */
export function clockTypeOf(clock: Clock): Type<Clock> {
  return class extends Clock {
    now = (): number => clock.now();
    override elapsed = (): number => clock.elapsed();
    setTimer = (callback: () => void, delayMs: number): (() => void) =>
      clock.setTimer(callback, delayMs);
  };
}

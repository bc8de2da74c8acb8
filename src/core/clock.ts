import { isLater } from './maybe-promise.js';

/**
 * Time as roomgate sees it; tests inject one that only moves when told. `now()` is for `exp`, `iat`, `nbf` and for times that are
 * shown. Every duration is measured by `elapsed()`, because the wall clock can be set.
 */
export abstract class Clock {
  /** The wall clock: milliseconds since the Unix epoch. It may jump when somebody sets it. */
  abstract now(): number;

  /**
   * Milliseconds since a fixed moment, which setting the wall clock does not change. Never goes back.
   * Default: `now()`, so a clock of your own that can be set has to override it.
   */
  elapsed(): number {
    return this.now();
  }

  /** Calls back once after `delayMs` (at most 2^31 - 1) and never keeps the process alive; returns the cancellation. */
  abstract setTimer(callback: () => void, delayMs: number): () => void;

  /** What the answer is or settles with, or `late` when it takes longer. */
  async within<T, L>(answer: T | Promise<T>, delayMs: number, late: L): Promise<T | L> {
    if (!isLater(answer)) return answer;
    let cancel = (): void => {};
    const deadline = new Promise<L>((resolve) => {
      cancel = this.setTimer(() => resolve(late), delayMs);
    });
    try {
      return await Promise.race([answer, deadline]);
    } finally {
      cancel();
    }
  }
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }

  override elapsed(): number {
    return performance.now();
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  }
}

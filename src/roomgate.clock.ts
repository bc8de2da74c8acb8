import { isLater } from './roomgate.later.js';

/** Time as roomgate sees it; tests inject one that only moves when told. */
export abstract class Clock {
  /** Milliseconds since the Unix epoch. */
  abstract now(): number;
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

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  }
}

import { Clock } from '../../roomgate.clock.js';

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to advance. */
export class FakeClock extends Clock {
  readonly #timers = new Set<Timer>();
  #now: number;

  /** @param startAt Milliseconds since the epoch; default: the real time, in whole seconds. */
  constructor(startAt: number = Math.floor(Date.now() / 1000) * 1000) {
    super();
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { dueAt: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that are set at the moment. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, running what becomes due, each at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.dueAt);
      next.callback();
    }
    this.#now = end;
  }

  /** Sets the time without running anything, as when an administrator corrects a clock. */
  step(ms: number): void {
    this.#now += ms;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.dueAt <= end && (!first || timer.dueAt < first.dueAt)) first = timer;
    return first;
  }
}

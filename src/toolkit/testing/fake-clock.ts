import { Clock } from '../../core/clock.js';

interface Timer {
  /** In time that has passed, which setting the clock does not change. */
  readonly dueAt: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to advance. */
export class FakeClock extends Clock {
  readonly #timers = new Set<Timer>();
  #passed = 0;
  #startedAt: number;

  /** @param startAt Milliseconds since the epoch; default: the real time, in whole seconds. */
  constructor(startAt: number = Math.floor(Date.now() / 1000) * 1000) {
    super();
    this.#startedAt = startAt;
  }

  now(): number {
    return this.#startedAt + this.#passed;
  }

  /** Begins at zero. `advance` moves it, `step` does not. */
  override elapsed(): number {
    return this.#passed;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { dueAt: this.#passed + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that are set at the moment. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time on, running what becomes due, each at its own time. */
  advance(ms: number): void {
    const end = this.#passed + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#passed = Math.max(this.#passed, next.dueAt);
      next.callback();
    }
    this.#passed = end;
  }

  /** Sets the wall clock without running anything, as when an administrator corrects it: `elapsed()` and timers stay. */
  step(ms: number): void {
    this.#startedAt += ms;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.dueAt <= end && (!first || timer.dueAt < first.dueAt)) first = timer;
    return first;
  }
}

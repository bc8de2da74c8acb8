import type { Clock } from '../core/clock.js';

const CHECK_MS = 250;

/** A handler that runs. */
export interface Run {
  /** By `clock.elapsed()`. */
  readonly startedAt: number;
  onTimeout(): void;
}

/** Finds handlers that take too long with one timer for all of them; a timer per message would cost more than most handlers. */
export class HandlerWatch {
  readonly #running = new Set<Run>();
  #cancelTimer: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  start(run: Run): void {
    this.#running.add(run);
    this.#cancelTimer ??= this.clock.setTimer(this.#check, CHECK_MS);
  }

  end(run: Run): void {
    this.#running.delete(run);
  }

  stop(): void {
    this.#running.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  readonly #check = (): void => {
    this.#cancelTimer = undefined;
    const now = this.clock.elapsed();
    for (const run of this.#running) {
      // Insertion order is start order: the first that is young enough ends the search.
      if (now - run.startedAt < this.timeoutMs) break;
      this.#running.delete(run);
      run.onTimeout();
    }
    if (this.#running.size > 0) this.#cancelTimer = this.clock.setTimer(this.#check, CHECK_MS);
  };
}

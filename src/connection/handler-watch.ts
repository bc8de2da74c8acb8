import type { Clock } from '../roomgate.clock.js';

const CHECK_MS = 250;

/** Finds handlers that take too long with one timer for all of them; a timer per message would cost more than most handlers. */
export class HandlerWatch {
  readonly #running = new Map<object, { startedAt: number; onTimeout: () => void }>();
  #cancelTimer: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  start(run: object, onTimeout: () => void): void {
    this.#running.set(run, { startedAt: this.clock.now(), onTimeout });
    this.#cancelTimer ??= this.clock.setTimer(this.#check, CHECK_MS);
  }

  end(run: object): void {
    this.#running.delete(run);
  }

  stop(): void {
    this.#running.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  readonly #check = (): void => {
    this.#cancelTimer = undefined;
    const now = this.clock.now();
    for (const [run, { startedAt, onTimeout }] of this.#running) {
      // Insertion order is start order: the first that is young enough ends the search.
      if (now - startedAt < this.timeoutMs) break;
      this.#running.delete(run);
      onTimeout();
    }
    if (this.#running.size > 0) this.#cancelTimer = this.clock.setTimer(this.#check, CHECK_MS);
  };
}

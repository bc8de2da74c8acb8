import type { Clock } from '../core/clock.js';

const MAX_REMEMBERED = 10_000;

/** What was done once and is not to be done again, until it could not be asked for any more; the oldest give way when there are too many. */
export class Replays {
  readonly #until = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  has(key: string): boolean {
    const until = this.#until.get(key);
    return until !== undefined && this.clock.now() < until;
  }

  add(key: string, until: number): void {
    const now = this.clock.now();
    this.#until.delete(key);
    // In the order of their coming, which is about that of their end.
    for (const [oldest, end] of this.#until) {
      if (end > now && this.#until.size < MAX_REMEMBERED) break;
      this.#until.delete(oldest);
    }
    this.#until.set(key, until);
  }
}

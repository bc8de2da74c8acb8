import type { Clock } from './clock.js';

const QUIET_MS = 10_000;

/**
 * What strangers cause is logged at once and then at most every ten seconds for each key, with the number of those in
 * between: a flood of upgrades must not become a flood of lines. Keys come from an enum, never from input.
 */
export class QuietLog {
  readonly #keys = new Map<string, { loggedAt: number; count: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly write: (line: string) => void,
  ) {}

  /** The line, and what follows it on lines of its own, is only put together when it is written. */
  add(key: string, line: () => string, rest?: () => string): void {
    const now = this.clock.elapsed();
    const seen = this.#keys.get(key) ?? { loggedAt: -Infinity, count: 0 };
    this.#keys.set(key, seen);
    seen.count += 1;
    if (now - seen.loggedAt < QUIET_MS) return;
    const times = seen.count > 1 ? `, ${seen.count} times` : '';
    this.write(`${line()}${times}.${rest === undefined ? '' : `\n${rest()}`}`);
    seen.loggedAt = now;
    seen.count = 0;
  }
}

import type { Clock } from '../roomgate.clock.js';

const QUIET_MS = 10_000;
/** A verifier of the app may invent reasons; it shall not fill the memory with them. */
const MAX_REASONS = 64;

/**
 * Refusals are caused by strangers, so each reason is logged at once and then at most every ten seconds, with the number
 * of those in between: a flood of upgrades must not become a flood of lines. Reasons come from an enum, never from input.
 */
export class RefusalLog {
  readonly #reasons = new Map<string, { loggedAt: number; count: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly warn: (line: string) => void,
  ) {}

  add(status: number, code: string, reason: string): void {
    const now = this.clock.now();
    if (this.#reasons.size >= MAX_REASONS && !this.#reasons.has(reason)) reason = 'other';
    const seen = this.#reasons.get(reason) ?? { loggedAt: -Infinity, count: 0 };
    this.#reasons.set(reason, seen);
    seen.count += 1;
    if (now - seen.loggedAt < QUIET_MS) return;
    const times = seen.count > 1 ? `, ${seen.count} times` : '';
    this.warn(`Upgrade refused: ${status} ${code} (${reason.slice(0, 64)})${times}.`);
    seen.loggedAt = now;
    seen.count = 0;
  }
}

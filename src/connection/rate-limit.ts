import type { RoomgateOptions } from '../module/options.js';

/** What a page of `room.history` costs, and how many bytes it has at most. */
export const COST_OF_PAGE = 5;
const PAGE_BYTES = 65_536;

/** Who has a rate. One number is all that is kept of it. */
export interface Paced {
  /** The time, by `clock.elapsed()`, at which all it has sent would be paid for. */
  paidAt: number;
}

/** What a connection was told about its rate. */
export interface RateWarnings extends Strikes {
  /** Messages beyond the rate that came before the first warning was handed over. They are no strikes, up to a number. */
  readonly early: number;
  /** How many frames the outbox had been given with the first warning. */
  readonly toldBy: number;
}

/** How fast somebody may send: the generic cell rate algorithm (ITU-T I.371), which needs no timer and no queue. */
export class MessageRate {
  readonly isOff: boolean;
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  readonly #windowMs: number;

  constructor({
    maxMessagesPerWindow,
    messageWindowMs,
    messageBurst,
  }: Pick<RoomgateOptions, 'maxMessagesPerWindow' | 'messageWindowMs' | 'messageBurst'>) {
    this.isOff = maxMessagesPerWindow === 0;
    this.#intervalMs = this.isOff ? 0 : messageWindowMs / maxMessagesPerWindow;
    this.#toleranceMs = this.#intervalMs * messageBurst;
    this.#windowMs = messageWindowMs;
  }

  /** Takes a message that counts as so many: zero, or the milliseconds after which it would pass. One that does not pass costs nothing. */
  take(who: Paced, cost: number, now: number): number {
    if (this.isOff) return 0;
    const next = Math.max(who.paidAt, now) + cost * this.#intervalMs;
    const waitMs = next - now - this.#toleranceMs;
    if (waitMs > 0) return Math.ceil(waitMs);
    who.paidAt = next;
    return 0;
  }

  /**
   * Counts bytes that were read for somebody, at the price of `room.history`: 5 for each 64 KiB. What it sends next waits for
   * them, at most for one window.
   */
  charge(who: Paced, bytes: number, now: number): void {
    if (this.isOff) return;
    const cost = (bytes * COST_OF_PAGE) / PAGE_BYTES;
    const next = Math.max(who.paidAt, now) + cost * this.#intervalMs;
    who.paidAt = Math.max(who.paidAt, Math.min(next, now + this.#toleranceMs + this.#windowMs));
  }
}

/** Faults of one connection, counted until it has been without one for a minute. */
export interface Strikes {
  readonly count: number;
  /** By `clock.elapsed()`. */
  readonly lastAt: number;
}

const FORGIVEN_AFTER_MS = 60_000;

export function isForgiven({ lastAt }: Strikes, now: number): boolean {
  return now - lastAt > FORGIVEN_AFTER_MS;
}

/** One more. */
export function strike(before: Strikes | undefined, now: number): Strikes {
  const count = before && !isForgiven(before, now) ? before.count : 0;
  return { count: count + 1, lastAt: now };
}

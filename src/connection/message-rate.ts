import type { Strikes } from './strikes.js';

export interface MessageRateRules {
  /** Messages per window in the long run; zero: no limit. */
  readonly maxMessagesPerWindow: number;
  readonly messageWindowMs: number;
  /** Messages that may come at once. */
  readonly messageBurst: number;
}

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

  constructor({ maxMessagesPerWindow, messageWindowMs, messageBurst }: MessageRateRules) {
    this.isOff = maxMessagesPerWindow === 0;
    this.#intervalMs = this.isOff ? 0 : messageWindowMs / maxMessagesPerWindow;
    this.#toleranceMs = this.#intervalMs * messageBurst;
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
}

import type { Principal } from '../admission/principal.js';
import { CLOSE_CODES, type CloseRow } from './close-codes.js';
import { remainingMs } from './greetings.js';
import { encodeMessage } from './message.js';
import type { TimingWheel, WheelEntry } from './timing-wheel.js';

export interface LifetimeRules {
  readonly wheel: TimingWheel;
  readonly now: () => number;
  readonly expiryWarningMs: number;
  readonly refreshGraceMs: number;
  /** Zero: no limit but the token's. */
  readonly maxConnectionMs: number;
}

/** What a lifetime needs to know of its connection. */
export interface LifetimeOwner {
  readonly principal: Principal;
  readonly isPaused: boolean;
  sendText(text: string, isControl: boolean): boolean;
  end(row: CloseRow, options?: { drop?: boolean }): void;
}

type Stage = 'live' | 'warned' | 'muted';

/**
 * Follows the authority of one connection to its end: `auth.expiring` before, muted at the expiry, 4401 after the grace in
 * which a refresh brings it back. Muting itself needs no deed: whoever asks `isLive` gets a no by the clock. It is its own
 * entry in the wheel, so that a connection that lives for a year costs one small object.
 */
export class Lifetime implements WheelEntry {
  dueAt = 0;
  slot = -1;
  #stage: Stage = 'live';
  /** Absent without a limit: a number that is no small integer costs each connection an object of its own. */
  readonly #endsAt: number | undefined;

  constructor(
    private readonly owner: LifetimeOwner,
    private readonly rules: LifetimeRules,
  ) {
    const { maxConnectionMs } = rules;
    this.#endsAt = maxConnectionMs > 0 ? rules.now() + maxConnectionMs : undefined;
    this.renew();
  }

  /** Begins anew for the principal that the connection has now. */
  renew(): void {
    const { now, expiryWarningMs } = this.rules;
    const { expiresAt } = this.owner.principal;
    this.#stage = 'live';
    // Half of its life is warning enough for a short token.
    const warningMs = Math.min(expiryWarningMs, (expiresAt - now()) / 2);
    this.#wait(expiresAt - warningMs);
  }

  stop(): void {
    this.rules.wheel.cancel(this);
  }

  onDue(): void {
    const now = this.rules.now();
    const { principal } = this.owner;
    const { refreshGraceMs } = this.rules;
    if (this.#endsAt !== undefined && now >= this.#endsAt) this.owner.end(CLOSE_CODES.goingAway);
    else if (this.#stage === 'live') this.#warn(now, principal);
    else if (this.#stage === 'warned' && refreshGraceMs > 0)
      this.#mute(principal.expiresAt + refreshGraceMs);
    // A paused socket reads no refresh: its grace begins when it reads again.
    else if (this.owner.isPaused && refreshGraceMs > 0) this.#wait(now + refreshGraceMs);
    else this.owner.end(CLOSE_CODES.tokenExpired, { drop: true });
  }

  #warn(now: number, principal: Principal): void {
    this.#stage = 'warned';
    const inMs = remainingMs(principal, now);
    if (this.rules.expiryWarningMs > 0)
      this.owner.sendText(encodeMessage('auth.expiring', { inMs }), true);
    this.#wait(principal.expiresAt);
  }

  #mute(closesAt: number): void {
    this.#stage = 'muted';
    this.#wait(closesAt);
  }

  #wait(until: number): void {
    this.rules.wheel.cancel(this);
    this.rules.wheel.schedule(this, Math.min(until, this.#endsAt ?? until));
  }
}

import type { Principal } from '../admission/principal.js';
import { CLOSE_CODES, type CloseRow, remainingMs } from './system-messages.js';
import { encodeMessage } from './message.js';
import type { ConnectionPorts } from './ports.js';
import type { Deadline, WheelEntry } from './timing-wheel.js';

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
  /** By `maxConnectionMs`; absent without that limit. */
  readonly #end: Deadline | undefined;

  constructor(
    private readonly owner: {
      readonly principal: Principal;
      readonly isPaused: boolean;
      sendText(text: string, isControl: boolean): boolean;
      /** Its authority has ended, for as long as no refresh renews it. */
      askAgain(): void;
      end(row: CloseRow, options?: { drop?: boolean }): void;
    },
    private readonly rules: Pick<
      ConnectionPorts,
      'clock' | 'wheel' | 'wallWheel' | 'expiryWarningMs' | 'refreshGraceMs' | 'maxConnectionMs'
    >,
  ) {
    const { clock, maxConnectionMs } = rules;
    if (maxConnectionMs > 0)
      this.#end = rules.wheel.add(clock.elapsed() + maxConnectionMs, () =>
        owner.end(CLOSE_CODES.goingAway),
      );
    this.renew();
  }

  /** Begins anew for the principal that the connection has now. */
  renew(): void {
    const { clock, expiryWarningMs } = this.rules;
    const { expiresAt } = this.owner.principal;
    this.#stage = 'live';
    // Half of its life is warning enough for a short token.
    const warningMs = Math.min(expiryWarningMs, (expiresAt - clock.now()) / 2);
    this.#waitUntil(expiresAt - warningMs);
  }

  stop(): void {
    this.#cancel();
    if (this.#end) this.rules.wheel.cancel(this.#end);
  }

  onDue(): void {
    const { refreshGraceMs } = this.rules;
    if (this.#stage === 'live') this.#warn(this.owner.principal);
    else if (refreshGraceMs > 0 && (this.#stage === 'warned' || this.owner.isPaused)) this.#mute();
    else this.#over();
  }

  #warn(principal: Principal): void {
    this.#stage = 'warned';
    const inMs = remainingMs(principal, this.rules.clock.now());
    if (this.rules.expiryWarningMs > 0)
      this.owner.sendText(encodeMessage('auth.expiring', { inMs }), true);
    this.#waitUntil(principal.expiresAt);
  }

  /** A paused socket reads no refresh: its grace begins again when it has passed. */
  #mute(): void {
    const { clock, wheel, refreshGraceMs } = this.rules;
    this.#stage = 'muted';
    this.owner.askAgain();
    this.#cancel();
    wheel.schedule(this, clock.elapsed() + refreshGraceMs);
  }

  /** The wall clock may have been set back since it expired: then the token is valid again. */
  #over(): void {
    const { expiresAt } = this.owner.principal;
    if (this.rules.clock.now() < expiresAt) this.renew();
    else this.owner.end(CLOSE_CODES.tokenExpired, { drop: true });
  }

  #waitUntil(time: number): void {
    this.#cancel();
    this.rules.wallWheel.schedule(this, time);
  }

  #cancel(): void {
    this.rules.wheel.cancel(this);
    this.rules.wallWheel.cancel(this);
  }
}

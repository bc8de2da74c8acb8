import type { Clock } from '../core/clock.js';
import type { RoomgateOptions } from '../module/options.js';
import { identityOf, type Principal } from './principal.js';
import type { Revocation } from './revocation.js';

type RevocationOfTime = Extract<Revocation, { kind: 'session' | 'subject' }>;

/** What is revoked, in memory, so that asking costs no I/O. Entries go when no token they cover can still be alive; blocks stay. */
export class Revocations {
  readonly #until = new Map<string, number>();
  /** By subject or session: the last `iat` that is revoked, in milliseconds, and when the entry may go. */
  readonly #before = new Map<string, { limit: number; until: number }>();
  readonly #blocked = new Set<string>();
  #sweptSize = 64;

  constructor(
    private readonly clock: Clock,
    private readonly rules: Pick<RoomgateOptions, 'clockToleranceMs' | 'maxTokenLifeMs'>,
  ) {}

  get size(): number {
    return this.#until.size + this.#before.size + this.#blocked.size;
  }

  apply(revocation: Revocation): void {
    const now = this.clock.now();
    switch (revocation.kind) {
      case 'token':
        this.#keep(tokenKey(revocation.issuer, revocation.jti), now);
        break;
      case 'session':
        this.#revokeBefore(sessionKey(revocation.issuer, revocation.sid), revocation, now);
        break;
      case 'subject': {
        const { identity, isSessionless } = revocation;
        this.#revokeBefore(isSessionless ? sessionless(identity) : identity, revocation, now);
        break;
      }
      case 'block':
        this.#blocked.add(revocation.identity);
        break;
      case 'unblock':
        this.#blocked.delete(revocation.identity);
    }
    if (this.size > 2 * this.#sweptSize) this.#sweep();
  }

  /** Whether the principal's authority was ended by anything that is still in force. */
  covers(principal: Principal): boolean {
    if (this.size === 0) return false;
    const { issuer, identity, claims } = principal;
    const session =
      claims.sid === undefined ? sessionless(identity) : sessionKey(issuer, claims.sid);
    return (
      this.#blocked.has(identity) ||
      this.#isRevokedBefore(identity, principal) ||
      this.#isRevokedBefore(session, principal) ||
      (claims.jti !== undefined && this.#until.has(tokenKey(issuer, claims.jti)))
    );
  }

  /** Whether this one revocation ends the principal's authority. */
  concerns(revocation: Revocation, principal: Principal): boolean {
    switch (revocation.kind) {
      case 'token':
        return revocation.jti === principal.claims.jti && revocation.issuer === principal.issuer;
      case 'session':
        return (
          revocation.sid === principal.claims.sid &&
          revocation.issuer === principal.issuer &&
          isIssuedBy(principal, this.#limitOf(revocation))
        );
      case 'subject':
        return (
          revocation.identity === principal.identity &&
          !(revocation.isSessionless && principal.claims.sid !== undefined) &&
          isIssuedBy(principal, this.#limitOf(revocation))
        );
      case 'block':
        return revocation.identity === principal.identity;
      case 'unblock':
        return false;
    }
  }

  /**
   * The last `iat` that it revokes, in milliseconds. A time by our own clock may be early for the issuer's, which may be ahead of
   * ours by the tolerance; a time that the issuer or the application named is taken at its word.
   */
  #limitOf({ issuedBefore = Infinity, ...revocation }: RevocationOfTime): number {
    if ('isExact' in revocation && revocation.isExact) return issuedBefore;
    return Math.floor(issuedBefore / 1000) * 1000 + this.rules.clockToleranceMs;
  }

  /** When the last token that was issued by the time is dead, whichever way its issuer's clock is wrong. */
  #outlives(issuedAt: number): number {
    return issuedAt + this.rules.maxTokenLifeMs + 2 * this.rules.clockToleranceMs;
  }

  /** The clock may have been set back since the same was revoked before. */
  #keep(key: string, now: number): void {
    this.#until.set(key, Math.max(this.#until.get(key) ?? 0, this.#outlives(now)));
  }

  /** Revoking an earlier time again never takes a later one back. */
  #revokeBefore(key: string, revocation: RevocationOfTime, now: number): void {
    const { issuedBefore = Infinity } = revocation;
    const before = this.#before.get(key);
    const limit = Math.max(before?.limit ?? -Infinity, this.#limitOf(revocation));
    // Tokens of a time to come begin their lives then.
    const from = Number.isFinite(issuedBefore) ? Math.max(now, issuedBefore) : now;
    const until = Math.max(before?.until ?? 0, this.#outlives(from));
    this.#before.set(key, { limit, until });
  }

  #isRevokedBefore(key: string, principal: Principal): boolean {
    const entry = this.#before.get(key);
    return entry !== undefined && isIssuedBy(principal, entry.limit);
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
    for (const [key, { until }] of this.#before) if (until <= now) this.#before.delete(key);
    this.#sweptSize = Math.max(64, this.size);
  }
}

/** Fractions of a second are legal (RFC 7519 §2), but not every issuer writes them: a second is revoked as a whole. */
function isIssuedBy({ claims }: Principal, limit: number): boolean {
  return Math.floor(claims.iat) * 1000 <= limit;
}

function tokenKey(issuer: string, jti: string): string {
  return `token ${identityOf(issuer, jti)}`;
}

function sessionKey(issuer: string, sid: string): string {
  return `session ${identityOf(issuer, sid)}`;
}

/** What a subject has that names no session. */
function sessionless(identity: string): string {
  return `sessionless ${identity}`;
}

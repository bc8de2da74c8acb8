import type { Clock } from '../roomgate.clock.js';
import { identityOf, type Principal } from './principal.js';
import type { MaybePromise } from './token-verifier.js';

/** Whose authority ends: one token, the tokens of one session, what a subject was issued until a time, or a subject altogether. */
export type Revocation =
  | { readonly kind: 'token'; readonly issuer: string; readonly jti: string }
  | { readonly kind: 'session'; readonly issuer: string; readonly sid: string }
  | { readonly kind: 'subject'; readonly identity: string; readonly issuedBefore: number }
  | { readonly kind: 'block'; readonly identity: string }
  | { readonly kind: 'unblock'; readonly identity: string };

/**
 * Where revocations are kept and told to all nodes. Replace it through `RoomgateModule.forRoot({ revocationStore })`.
 * Everything that was added reaches `onRevoked` of every node, of the one that added it too, in any order, at least once.
 */
export abstract class RevocationStore {
  /** Resolves when everything that is still in force was told; called before anybody is admitted. */
  abstract start(onRevoked: (revocation: Revocation) => void): MaybePromise<void>;
  /** Resolves when the revocation is kept; it is in force here by then. */
  abstract add(revocation: Revocation): MaybePromise<void>;
  abstract stop(): MaybePromise<void>;
}

/** One node, forgotten with the process: tokens that outlive a restart have to be revoked again. */
export class MemoryRevocationStore extends RevocationStore {
  #onRevoked: ((revocation: Revocation) => void) | undefined;

  start(onRevoked: (revocation: Revocation) => void): void {
    this.#onRevoked = onRevoked;
  }

  add(revocation: Revocation): void {
    this.#onRevoked?.(revocation);
  }

  stop(): void {
    this.#onRevoked = undefined;
  }
}

export interface RevocationRules {
  readonly clockToleranceMs: number;
  readonly maxTokenLifeMs: number;
}

/** What is revoked, in memory, so that asking costs no I/O. Entries go when no token they cover can still be alive; blocks stay. */
export class Revocations {
  readonly #until = new Map<string, number>();
  readonly #subjects = new Map<string, { issuedBefore: number; until: number }>();
  readonly #blocked = new Set<string>();
  #sweptSize = 64;

  constructor(
    private readonly clock: Clock,
    private readonly rules: RevocationRules,
  ) {}

  get size(): number {
    return this.#until.size + this.#subjects.size + this.#blocked.size;
  }

  apply(revocation: Revocation): void {
    const until = this.clock.now() + this.rules.maxTokenLifeMs + 2 * this.rules.clockToleranceMs;
    switch (revocation.kind) {
      case 'token':
        this.#until.set(tokenKey(revocation.issuer, revocation.jti), until);
        break;
      case 'session':
        this.#until.set(sessionKey(revocation.issuer, revocation.sid), until);
        break;
      case 'subject': {
        // Revoking an earlier time again never takes a later one back.
        const before = this.#subjects.get(revocation.identity)?.issuedBefore ?? -Infinity;
        const issuedBefore = Math.max(before, revocation.issuedBefore);
        this.#subjects.set(revocation.identity, { issuedBefore, until });
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
    const subject = this.#subjects.get(identity);
    return (
      this.#blocked.has(identity) ||
      (subject !== undefined && this.isIssuedBefore(principal, subject.issuedBefore)) ||
      (claims.jti !== undefined && this.#until.has(tokenKey(issuer, claims.jti))) ||
      (claims.sid !== undefined && this.#until.has(sessionKey(issuer, claims.sid)))
    );
  }

  /** Whether this one revocation ends the principal's authority. */
  concerns(revocation: Revocation, principal: Principal): boolean {
    switch (revocation.kind) {
      case 'token':
        return revocation.jti === principal.claims.jti && revocation.issuer === principal.issuer;
      case 'session':
        return revocation.sid === principal.claims.sid && revocation.issuer === principal.issuer;
      case 'subject':
        return (
          revocation.identity === principal.identity &&
          this.isIssuedBefore(principal, revocation.issuedBefore)
        );
      case 'block':
        return revocation.identity === principal.identity;
      case 'unblock':
        return false;
    }
  }

  /** `iat` has whole seconds and the issuer's clock: what may have been issued before the time counts as issued before it. */
  private isIssuedBefore({ claims }: Principal, issuedBefore: number): boolean {
    return (
      claims.iat * 1000 <= Math.floor(issuedBefore / 1000) * 1000 + this.rules.clockToleranceMs
    );
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
    for (const [key, { until }] of this.#subjects) if (until <= now) this.#subjects.delete(key);
    this.#sweptSize = Math.max(64, this.size);
  }
}

function tokenKey(issuer: string, jti: string): string {
  return `token ${identityOf(issuer, jti)}`;
}

function sessionKey(issuer: string, sid: string): string {
  return `session ${identityOf(issuer, sid)}`;
}

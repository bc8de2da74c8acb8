import { forgetLastMatch } from '../core/bounded-cache.js';
import type { Clock } from '../core/clock.js';
import type { RoomgateOptions } from '../module/options.js';
import type { Audit, AuditReason } from './audit.js';
import { freezeJson, identityOf } from './principal.js';
import { Refusal } from './refusals.js';
import type { Revocation, RevocationStore } from './revocation.js';
import { KeysUnavailableError, refusalOf, type TokenVerifier } from './token-verifier.js';
import { isText, isTime, LOGOUT_EVENT, MAX_SUBJECT_BYTES, parseToken } from './token.js';

export type LogoutStatus = 200 | 400 | 429 | 503;

/** Where a logout request came from, as a group of addresses, and the id of its audit event. */
interface LogoutSource {
  readonly address?: string;
  readonly requestId?: string;
}

/**
 * OpenID Connect Back-Channel Logout 1.0: an issuer says that a subject signed out. A logout token ends a session, or what was
 * issued up to its own `iat`, so that a replay after a new sign-in ends nothing that is newer.
 */
export class BackChannelLogout {
  readonly #replays: Replays;
  /** Tokens that the store is being given: resolves with whether it has them, or undefined when that takes too long. */
  readonly #storing = new Map<string, Promise<boolean | undefined>>();

  constructor(
    private readonly ports: {
      readonly clock: Clock;
      readonly verifier: TokenVerifier;
      readonly store: RevocationStore;
      readonly audit: Audit;
      /** The turn of the door, see `Admission.turn`: undefined when a token may be verified at once. */
      readonly turn: () => Promise<void> | undefined;
      /** Those of the door for one address, counted apart, so that neither uses up what the other may have. */
      readonly limits: {
        /** Whether one more request of the address may be decided. Counts it. */
        mayKnock(address: string): boolean;
        readonly pending: { take(address: string): void; giveBack(address: string): void };
      };
      /** Hears of a verifier or a store that throws something else than its own errors. */
      readonly failed?: (error: unknown, requestId?: string) => void;
    },
    private readonly rules: Pick<
      RoomgateOptions,
      | 'clockToleranceMs'
      | 'maxTokenLifeMs'
      | 'maxTokenBytes'
      | 'verdictDeadlineMs'
      | 'logoutToleranceMs'
    >,
  ) {
    this.#replays = new Replays(ports.clock);
  }

  /** Obeys the logout token, or says with which status not; `undefined` is a request without one. Never rejects. */
  async receive(
    text: string | undefined,
    { address = '', requestId }: LogoutSource = {},
  ): Promise<LogoutStatus> {
    // The body parser of the app may use regular expressions.
    forgetLastMatch();
    const { clock, limits } = this.ports;
    if (!limits.mayKnock(address)) return this.#refuse(requestId, 429, 'logout_busy');
    if (text === undefined) return this.#refuse(requestId, 400, 'logout_request');
    limits.pending.take(address);
    try {
      const { verdictDeadlineMs } = this.rules;
      const status = await clock.within(this.#obey(text, requestId), verdictDeadlineMs, undefined);
      return status ?? this.#refuse(requestId, 503, 'logout_unavailable');
    } finally {
      limits.pending.giveBack(address);
    }
  }

  /** Undefined when the store takes too long. */
  async #obey(text: string, requestId?: string): Promise<LogoutStatus | undefined> {
    const { clock, verifier } = this.ports;
    await this.ports.turn();
    const token = parseToken(text, this.rules.maxTokenBytes);
    if (token instanceof Refusal)
      return this.#refuse(requestId, 400, 'logout_refused', token.reason);
    let logout: Logout | undefined;
    try {
      logout = readLogout(await verifier.verifyLogout(token), clock.now(), this.rules);
    } catch (error) {
      if (error instanceof KeysUnavailableError)
        return this.#refuse(requestId, 503, 'logout_unavailable');
      const { remark, reason, failure } = refusalOf(error);
      if (failure) this.ports.failed?.(failure.error, requestId);
      return this.#refuse(requestId, 400, 'logout_refused', remark ?? reason);
    }
    if (!logout) return this.#refuse(requestId, 400, 'logout_claims');
    const key = identityOf(logout.issuer, logout.jti);
    // The same token at the same time is stored once. The second waits, because the first may fail.
    const first = this.#storing.get(key);
    if (first && !(await first)) return this.#refuse(requestId, 503, 'logout_unavailable');
    if (first || this.#replays.has(key)) return this.#refuse(requestId, 400, 'logout_replayed');
    const storing = clock
      .within(this.#store(logout, key, requestId), this.rules.verdictDeadlineMs, undefined)
      .finally(() => this.#storing.delete(key));
    this.#storing.set(key, storing);
    const isStored = await storing;
    if (isStored === false) return this.#refuse(requestId, 503, 'logout_unavailable');
    return isStored && 200;
  }

  /** Whether the store has the revocations. Only then is the token a replay: until then its issuer may send it again. */
  async #store(logout: Logout, key: string, requestId?: string): Promise<boolean> {
    const { issuer, subject, expiresAt } = logout;
    try {
      for (const revocation of revocationsOf(logout, this.rules.logoutToleranceMs))
        await this.ports.store.add(revocation);
    } catch (error) {
      this.ports.failed?.(error, requestId);
      return false;
    }
    this.#replays.add(key, expiresAt * 1000 + this.rules.clockToleranceMs);
    this.ports.audit.record({ kind: 'revoked', reason: 'logged_out', issuer, subject, requestId });
    return true;
  }

  #refuse<S extends LogoutStatus>(
    requestId: string | undefined,
    status: S,
    reason: AuditReason,
    remark?: string,
  ): S {
    this.ports.audit.record({ kind: 'refused', reason, status, remark, requestId });
    return status;
  }
}

/**
 * With `sid` that whole session ends, and others go on; what the subject holds without naming any session cannot be told apart from
 * it. The time is the issuer's own, like the `iat` of its tokens, so a sign-in a second later lives.
 */
function* revocationsOf(
  { issuer, issuedAt, subject, sid }: Logout,
  toleranceMs: number,
): Iterable<Revocation> {
  if (sid !== undefined) yield { kind: 'session', issuer, sid };
  if (subject !== undefined) {
    const identity = identityOf(issuer, subject);
    const issuedBefore = Math.floor(issuedAt) * 1000 + toleranceMs;
    const isSessionless = sid !== undefined;
    yield { kind: 'subject', identity, issuedBefore, isSessionless, isExact: true };
  }
}

/** Who is to be signed out, as its issuer says it. Times are seconds. */
interface Logout {
  readonly issuer: string;
  readonly jti: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly subject?: string;
  readonly sid?: string;
}

/**
 * The claims of a logout token (OpenID Connect Back-Channel Logout 1.0, §2.4 and §2.6), after its signature; undefined when
 * one is missing or odd. `nonce` is what an ID token has: with it, one could be passed off for the other.
 */
function readLogout(
  raw: Readonly<Record<string, unknown>>,
  now: number,
  {
    clockToleranceMs,
    maxTokenLifeMs,
  }: Pick<RoomgateOptions, 'clockToleranceMs' | 'maxTokenLifeMs'>,
): Logout | undefined {
  const claims = freezeJson(raw) as Record<string, unknown>;
  const { iss, aud, jti, iat, exp, sub, sid, events } = claims;
  if (!isText(iss) || !isText(jti) || !isAudience(aud) || Object.hasOwn(claims, 'nonce'))
    return undefined;
  if (!isObject(events) || !isObject(events[LOGOUT_EVENT])) return undefined;
  if (!isTime(iat) || !isTime(exp) || (exp - iat) * 1000 > maxTokenLifeMs) return undefined;
  if (now >= exp * 1000 + clockToleranceMs || iat * 1000 > now + clockToleranceMs) return undefined;
  if (sub === undefined && sid === undefined) return undefined;
  if (sub !== undefined && !(isText(sub) && Buffer.byteLength(sub) <= MAX_SUBJECT_BYTES))
    return undefined;
  if (sid !== undefined && !isText(sid)) return undefined;
  return { issuer: iss, jti, issuedAt: iat, expiresAt: exp, subject: sub, sid };
}

function isAudience(aud: unknown): boolean {
  return isText(aud) || (Array.isArray(aud) && aud.length > 0 && aud.every(isText));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

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

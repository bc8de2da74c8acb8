import type { AuditReason } from './audit-reasons.js';
import { freezeJson, type RegisteredClaims } from './principal.js';
import { Refusal } from './refusals.js';

export const MAX_SUBJECT_BYTES = 255;
const MAX_SECONDS = 2 ** 53;
const OPTIONAL_TEXTS = ['jti', 'sid', 'scope'];

export interface TimeRules {
  readonly clockToleranceMs: number;
  readonly maxTokenLifeMs: number;
}

/**
 * The claims roomgate relies on, checked after the signature and by one clock, whichever verifier ran: libraries
 * accept a missing or future `iat` and an infinite `exp`, and comparisons with such values are silently false.
 */
export function checkClaims(
  raw: Readonly<Record<string, unknown>>,
  now: number,
  rules: TimeRules,
): RegisteredClaims | Refusal {
  const claims = freezeJson(raw) as Record<string, unknown>;
  const { iss, sub, exp, iat, nbf } = claims;
  if (!isText(iss)) return invalid('claim_iss');
  if (!isText(sub) || Buffer.byteLength(sub) > MAX_SUBJECT_BYTES) return invalid('claim_sub');
  if (!isTime(exp)) return invalid('claim_exp');
  if (!isTime(iat)) return invalid('claim_iat');
  if (nbf !== undefined && !isTime(nbf)) return invalid('claim_nbf');
  if (
    OPTIONAL_TEXTS.some((name) => {
      const claim = claims[name];
      return claim !== undefined && claim !== '' && !isText(claim);
    })
  ) {
    return invalid('claim_type');
  }
  if (isLogoutEvent(claims.events)) return invalid('logout_token');
  if (now >= exp * 1000 + rules.clockToleranceMs)
    return new Refusal('token_expired').offBy(now - exp * 1000);
  if (nbf !== undefined && nbf * 1000 > now + rules.clockToleranceMs)
    return new Refusal('token_not_yet_valid', 'claim_nbf').offBy(nbf * 1000 - now);
  if (iat * 1000 > now + rules.clockToleranceMs)
    return new Refusal('token_not_yet_valid', 'claim_iat').offBy(iat * 1000 - now);
  if ((exp - iat) * 1000 > rules.maxTokenLifeMs)
    return invalid('token_life').offBy((exp - iat) * 1000 - rules.maxTokenLifeMs);
  return claims as RegisteredClaims;
}

/** Text that UTF-8 can hold: a lone surrogate has the bytes of every other one, so that two subjects would share an identity. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/\p{Surrogate}/u.test(value);
}

export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < MAX_SECONDS;
}

function invalid(reason: AuditReason): Refusal {
  return new Refusal('token_invalid', reason);
}

/** The member of the `events` claim that makes a JWT a logout token (OpenID Connect Back-Channel Logout 1.0, §2.4). */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Its issuer signs it with the same keys, and not every one says so in `typ`: it must not open a door. */
function isLogoutEvent(events: unknown): boolean {
  return typeof events === 'object' && events !== null && LOGOUT_EVENT in events;
}

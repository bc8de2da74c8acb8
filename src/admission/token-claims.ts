import { freezeJson, type RegisteredClaims } from './principal.js';
import { Refusal } from './refusals.js';

const MAX_SUBJECT_BYTES = 255;
const MAX_SECONDS = 2 ** 53;

export interface TimeRules {
  readonly clockToleranceMs: number;
  readonly maxTokenLifeMs: number;
}

/**
 * The claims roomgate relies on, checked after the signature and by one clock, whichever verifier ran: both libraries
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
    ['jti', 'sid', 'scope'].some(
      (name) => claims[name] !== undefined && typeof claims[name] !== 'string',
    )
  ) {
    return invalid('claim_type');
  }
  if (now >= exp * 1000 + rules.clockToleranceMs) return new Refusal('token_expired');
  if (nbf !== undefined && nbf * 1000 > now + rules.clockToleranceMs)
    return new Refusal('token_not_yet_valid', 'claim_nbf');
  if (iat * 1000 > now + rules.clockToleranceMs)
    return new Refusal('token_not_yet_valid', 'claim_iat');
  if ((exp - iat) * 1000 > rules.maxTokenLifeMs) return invalid('token_life');
  return claims as RegisteredClaims;
}

/** Text that UTF-8 can hold: a lone surrogate has the bytes of every other one, so that two subjects would share an identity. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/\p{Surrogate}/u.test(value);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < MAX_SECONDS;
}

function invalid(reason: string): Refusal {
  return new Refusal('token_invalid', reason);
}

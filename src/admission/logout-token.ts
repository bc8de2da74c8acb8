import { freezeJson } from './principal.js';
import { isText, isTime, LOGOUT_EVENT, MAX_SUBJECT_BYTES, type TimeRules } from './token-claims.js';

/** Who is to be signed out, as its issuer says it. Times are seconds. */
export interface Logout {
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
export function readLogout(
  raw: Readonly<Record<string, unknown>>,
  now: number,
  { clockToleranceMs, maxTokenLifeMs }: TimeRules,
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

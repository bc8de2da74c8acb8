import { hash } from 'node:crypto';
import { BoundedCache } from '../core/bounded-cache.js';
import type { AuditReason } from './audit.js';
import { isDevelopmentKid, type Issuer, LOGOUT_TYPE, typeName } from './issuer.js';
import { TokenRefusedError, TokenVerifier } from './token-verifier.js';
import type { UnverifiedToken } from './token.js';
import type { VerificationKey } from './verification-key.js';

type Claims = Readonly<Record<string, unknown>>;

const REASONS = [
  'issuer',
  'algorithm',
  'type',
  'development_key',
  'key',
  'audience',
  'signature',
] as const satisfies readonly AuditReason[];

/**
 * One error for each reason, given again and again: making one costs more than a signature. They are made here, because an error keeps
 * the functions of its stack, and through them the request with the token that was refused first.
 */
const REFUSED = Object.fromEntries(
  REASONS.map((reason) => [reason, Object.freeze(new TokenRefusedError(reason))]),
) as Readonly<Record<(typeof REASONS)[number], TokenRefusedError>>;

/**
 * Verifies with the keys that were configured. The `iss` of a token selects its issuer's record by exact match and nothing
 * else of the token is believed; the record alone then verifies it.
 */
export class JwtTokenVerifier extends TokenVerifier {
  override readonly checksPerToken: number;

  constructor(
    private readonly issuers: ReadonlyMap<string, Issuer>,
    private readonly strict: boolean,
    private readonly cache = new SignatureCache(0),
  ) {
    super();
    this.checksPerToken = Math.max(1, ...[...issuers.values()].map(({ maxCost }) => maxCost));
  }

  verify(token: UnverifiedToken): Claims | TokenRefusedError {
    return this.examine(token, false);
  }

  override verifyLogout(token: UnverifiedToken): Claims {
    const claims = this.examine(token, true);
    if (claims instanceof TokenRefusedError) throw claims;
    return claims;
  }

  private examine(token: UnverifiedToken, isLogout: boolean): Claims | TokenRefusedError {
    const { header, claims } = token;
    const issuer = typeof claims.iss === 'string' ? this.issuers.get(claims.iss) : undefined;
    if (!issuer) return REFUSED.issuer;
    if (!issuer.algorithms.has(header.alg)) return REFUSED.algorithm;
    const typ = header.typ === undefined ? undefined : typeName(header.typ);
    const isType = isLogout ? typ === LOGOUT_TYPE : isAccessType(typ, issuer);
    if (!isType) return REFUSED.type;
    if (this.strict && isDevelopmentKid(header.kid)) return REFUSED.development_key;
    const keys = candidates(issuer.keys, token);
    if (keys.length === 0) return REFUSED.key;
    const audience = isLogout ? issuer.logoutAudience : issuer.audience;
    if (!isMeantFor(audience, claims.aud)) return REFUSED.audience;
    const check = (): boolean => isSigned(token, keys);
    // A MAC costs no more than the hash by which it would be remembered; and a logout token is good for one time, while what is
    // remembered opens the door.
    const isRemembered = !isLogout && keys[0]?.key.type !== 'secret';
    const isGood = isRemembered ? this.cache.confirm(token.text, check) : check();
    return isGood ? claims : REFUSED.signature;
  }
}

/** The key that the token names; else those without `kid`, of which an issuer has few. Only keys that fit its algorithm. */
function candidates(
  keys: readonly VerificationKey[],
  { header: { alg, kid } }: UnverifiedToken,
): readonly VerificationKey[] {
  const named = kid === undefined ? undefined : keys.find((key) => key.kid === kid);
  if (named) return named.checks.has(alg) ? [named] : [];
  return keys.filter((key) => key.kid === undefined && key.checks.has(alg));
}

/** A token without a type could be one for anything, unless it says for whom. */
function isAccessType(typ: string | undefined, issuer: Issuer): boolean {
  return typ === undefined ? issuer.audience !== undefined : issuer.types.has(typ);
}

/** Whether one of the audiences is ours (RFC 7519 §4.1.3), to the letter; where none is configured everybody's is. */
function isMeantFor(ours: Issuer['audience'], aud: unknown): boolean {
  if (!ours) return true;
  const theirs: unknown[] = Array.isArray(aud) ? aud : [aud];
  return theirs.some((each) => ours.includes(each as string));
}

function isSigned({ text, header }: UnverifiedToken, keys: readonly VerificationKey[]): boolean {
  const end = text.lastIndexOf('.');
  const signed = text.slice(0, end);
  const signature = Buffer.from(text.slice(end + 1), 'base64url');
  const isGood = keys.some(({ checks }) => checks.get(header.alg)?.(signed, signature) === true);
  // A part of Node's pool, which lives on: without its signature a token is worth nothing.
  signature.fill(0);
  return isGood;
}

/**
 * Tokens whose signature was good, so that a client that reconnects does not have it checked again. Only this one result is
 * kept, under the SHA-256 of the token: times, revocation, scope and policy are asked every time. Failures are never kept, so
 * nobody without a good token can put anything in here.
 */
export class SignatureCache {
  readonly #good: BoundedCache<true>;

  constructor(private readonly maxEntries: number) {
    this.#good = new BoundedCache(maxEntries);
  }

  get size(): number {
    return this.#good.size;
  }

  /** Whether the signature is good: remembered to be, or found to be now. */
  confirm(text: string, check: () => boolean): boolean {
    if (this.maxEntries === 0) return check();
    const key = hash('sha256', text, 'base64url');
    if (this.#good.get(key)) return true;
    if (!check()) return false;
    this.#good.set(key, true);
    return true;
  }
}

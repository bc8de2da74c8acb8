import type { AuditReason } from './audit-reasons.js';
import { isDevelopmentKid, type Issuer, LOGOUT_TYPE } from './issuer.js';
import { SignatureCache } from './signature-cache.js';
import type { UnverifiedToken } from './token-shape.js';
import { TokenRefusedError, TokenVerifier } from './token-verifier.js';
import type { VerificationKey } from './verification-key.js';

const REFUSED = new Map<AuditReason, TokenRefusedError>();

/**
 * Verifies with the keys that were configured. The `iss` of a token selects its issuer's record by exact match and nothing
 * else of the token is believed; the record alone then verifies it.
 */
export class JwtTokenVerifier extends TokenVerifier {
  constructor(
    private readonly issuers: ReadonlyMap<string, Issuer>,
    private readonly strict: boolean,
    private readonly cache = new SignatureCache(0),
  ) {
    super();
  }

  verify(token: UnverifiedToken): Readonly<Record<string, unknown>> {
    const issuer = this.issuerOf(token);
    const typ = token.header.typ?.toLowerCase();
    if (typ === undefined ? !issuer.audience : !issuer.types.has(typ)) throw refused('type');
    const keys = this.keysOf(token, issuer);
    if (!isMeantFor(issuer.audience, token.claims.aud)) throw refused('audience');
    // Whose it is and with which algorithm is part of what was signed, and the records never change. A MAC costs no more than the
    // hash by which it would be remembered.
    const isGood =
      keys[0]?.key.type === 'secret'
        ? isSigned(token, keys)
        : this.cache.confirm(token.text, () => isSigned(token, keys));
    if (!isGood) throw refused('signature');
    return token.claims;
  }

  /** Remembers no signature: a logout token is good for one time, and what is remembered opens the door. */
  override verifyLogout(token: UnverifiedToken): Readonly<Record<string, unknown>> {
    const issuer = this.issuerOf(token);
    if (token.header.typ?.toLowerCase() !== LOGOUT_TYPE) throw refused('type');
    const keys = this.keysOf(token, issuer);
    if (!isMeantFor(issuer.logoutAudience, token.claims.aud)) throw refused('audience');
    if (!isSigned(token, keys)) throw refused('signature');
    return token.claims;
  }

  private issuerOf({ header, claims }: UnverifiedToken): Issuer {
    const issuer = typeof claims.iss === 'string' ? this.issuers.get(claims.iss) : undefined;
    if (!issuer) throw refused('issuer');
    if (!issuer.algorithms.has(header.alg)) throw refused('algorithm');
    return issuer;
  }

  private keysOf(token: UnverifiedToken, issuer: Issuer): readonly VerificationKey[] {
    if (this.strict && isDevelopmentKid(token.header.kid)) throw refused('development_key');
    const keys = candidates(issuer.keys, token);
    if (keys.length === 0) throw refused('key');
    return keys;
  }
}

/**
 * One error for each reason, thrown again and again: its stack would tell nothing else, and making one costs more than the
 * check of a signature.
 */
function refused(reason: AuditReason): TokenRefusedError {
  let error = REFUSED.get(reason);
  if (!error) REFUSED.set(reason, (error = Object.freeze(new TokenRefusedError(reason))));
  return error;
}

/** Keys that name the token's kid, else those without one, never those of another name; and only those that fit its algorithm. */
function candidates(
  keys: readonly VerificationKey[],
  { header: { alg, kid } }: UnverifiedToken,
): readonly VerificationKey[] {
  const named =
    kid === undefined ? [] : keys.filter((key) => key.kid === kid && key.checks.has(alg));
  if (named.length > 0) return named;
  return keys.filter((key) => key.kid === undefined && key.checks.has(alg));
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
  return keys.some(({ checks }) => checks.get(header.alg)?.(signed, signature) === true);
}

import { JwtService, type JwtVerifyOptions } from '@nestjs/jwt';
import type { Algorithm } from 'jsonwebtoken';
import { isDevelopmentKid, type Issuer } from './issuer.js';
import { SignatureCache } from './signature-cache.js';
import type { UnverifiedToken } from './token-shape.js';
import { TokenRefusedError, TokenVerifier } from './token-verifier.js';
import type { VerificationKey } from './verification-key.js';

/**
 * Verifies with a `JwtService` of `@nestjs/jwt` that is built here, without options: the host's own would bring
 * `ignoreExpiration`, `secret` or `secretOrKeyProvider` into our calls. The `iss` of a token selects its issuer's record by
 * exact match and nothing else of the token is believed; the record alone then verifies it.
 */
export class JwtTokenVerifier extends TokenVerifier {
  private readonly jwt = new JwtService({});

  constructor(
    private readonly issuers: ReadonlyMap<string, Issuer>,
    private readonly strict: boolean,
    private readonly cache = new SignatureCache(0),
  ) {
    super();
  }

  verify(token: UnverifiedToken): Readonly<Record<string, unknown>> {
    const { header, claims } = token;
    const issuer = typeof claims.iss === 'string' ? this.issuers.get(claims.iss) : undefined;
    if (!issuer) throw new TokenRefusedError('issuer');
    if (!issuer.algorithms.has(header.alg)) throw new TokenRefusedError('algorithm');
    if (header.typ === undefined ? !issuer.audience : !issuer.types.has(header.typ.toLowerCase()))
      throw new TokenRefusedError('type');
    if (this.strict && isDevelopmentKid(header.kid)) throw new TokenRefusedError('development_key');
    const keys = candidates(issuer.keys, token);
    if (keys.length === 0) throw new TokenRefusedError('key');
    // Whose it is, with which algorithm, type and audience, is part of what was signed, and the records never change.
    if (this.cache.has(token.text)) return claims;
    if (keys.some((key) => this.isSignedBy(token, key, issuer))) {
      this.cache.add(token.text);
      return claims;
    }
    throw new TokenRefusedError('signature_or_audience');
  }

  private isSignedBy(token: UnverifiedToken, { key }: VerificationKey, issuer: Issuer): boolean {
    const options: JwtVerifyOptions = {
      algorithms: [token.header.alg as Algorithm],
      issuer: issuer.issuer,
      // Times are checked by admission, once, for every verifier, by the injected clock.
      ignoreExpiration: true,
      ignoreNotBefore: true,
    };
    if (issuer.audience) options.audience = issuer.audience;
    // The types know only text and bytes; at run time a KeyObject is what jsonwebtoken works with in the end.
    const given = key as unknown as string;
    if (key.type === 'secret') options.secret = given;
    else options.publicKey = given;
    try {
      this.jwt.verify<object>(token.text, options);
      return true;
    } catch {
      return false;
    }
  }
}

/** Keys that name the token's kid, else those without one, never those of another name; and only those that fit its algorithm. */
function candidates(
  keys: readonly VerificationKey[],
  { header }: UnverifiedToken,
): readonly VerificationKey[] {
  const fitting = keys.filter((key) => key.algorithms.has(header.alg));
  const named = fitting.filter((key) => key.kid !== undefined && key.kid === header.kid);
  return named.length > 0 ? named : fitting.filter((key) => key.kid === undefined);
}

import { JwtService, type JwtVerifyOptions } from '@nestjs/jwt';
import type { Algorithm } from 'jsonwebtoken';
import type { AuditReason } from './audit-reasons.js';
import { isDevelopmentKid, type Issuer, LOGOUT_TYPE } from './issuer.js';
import { SignatureCache } from './signature-cache.js';
import type { UnverifiedToken } from './token-shape.js';
import { TokenRefusedError, TokenVerifier } from './token-verifier.js';
import type { VerificationKey } from './verification-key.js';

const REFUSED = new Map<AuditReason, TokenRefusedError>();

/**
 * Verifies with a `JwtService` of `@nestjs/jwt` for each key, built here: the host's own would bring `ignoreExpiration`,
 * `secret` or `secretOrKeyProvider` into our calls. The `iss` of a token selects its issuer's record by
 * exact match and nothing else of the token is believed; the record alone then verifies it.
 */
export class JwtTokenVerifier extends TokenVerifier {
  private readonly services = new WeakMap<VerificationKey, Map<string, JwtService>>();

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
    // Whose it is, with which algorithm, type and audience, is part of what was signed, and the records never change.
    const check = (): boolean =>
      keys.some((key) => this.isSignedBy(token, key, issuer, issuer.audience));
    if (!this.cache.confirm(token.text, check)) throw refused('signature_or_audience');
    return token.claims;
  }

  /** Remembers no signature: a logout token is good for one time, and what is remembered opens the door. */
  override verifyLogout(token: UnverifiedToken): Readonly<Record<string, unknown>> {
    const issuer = this.issuerOf(token);
    if (token.header.typ?.toLowerCase() !== LOGOUT_TYPE) throw refused('type');
    const keys = this.keysOf(token, issuer);
    if (!keys.some((key) => this.isSignedBy(token, key, issuer, issuer.logoutAudience)))
      throw refused('signature_or_audience');
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

  private isSignedBy(
    token: UnverifiedToken,
    key: VerificationKey,
    issuer: Issuer,
    audience: Issuer['audience'],
  ): boolean {
    const service = this.serviceFor(key, issuer, audience, token.header.alg);
    return withoutStack(() => service.verify<object>(token.text));
  }

  /** With options of its own: those that come with a call are copied and changed by each, which costs more than a hash. */
  private serviceFor(
    verification: VerificationKey,
    issuer: Issuer,
    audience: Issuer['audience'],
    algorithm: string,
  ): JwtService {
    const isLogout = audience === issuer.logoutAudience && audience !== issuer.audience;
    const name = `${algorithm} ${isLogout}`;
    let services = this.services.get(verification);
    if (!services) this.services.set(verification, (services = new Map()));
    let service = services.get(name);
    if (!service) {
      // The types know only text and bytes; at run time a KeyObject is what jsonwebtoken works with in the end.
      const key = verification.key as unknown as string;
      const verifyOptions: JwtVerifyOptions = {
        algorithms: [algorithm as Algorithm],
        issuer: issuer.issuer,
        // Times are checked by admission, once, for every verifier, by the injected clock.
        ignoreExpiration: true,
        ignoreNotBefore: true,
        ...(audience && { audience }),
      };
      const secret = verification.key.type === 'secret' ? { secret: key } : { publicKey: key };
      services.set(name, (service = new JwtService({ ...secret, verifyOptions })));
    }
    return service;
  }
}

/**
 * Whether it does not throw. A library makes an error for each bad token, with a stack that nobody reads and that costs more than
 * the check: who sends many of them would get that for nothing.
 */
function withoutStack(check: () => unknown): boolean {
  const { stackTraceLimit } = Error;
  // Where intrinsics are frozen it stays as it is.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    check();
    return true;
  } catch {
    return false;
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
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
  { header }: UnverifiedToken,
): readonly VerificationKey[] {
  const fitting = keys.filter((key) => key.algorithms.has(header.alg));
  const named = fitting.filter((key) => key.kid !== undefined && key.kid === header.kid);
  return named.length > 0 ? named : fitting.filter((key) => key.kid === undefined);
}

import type { Clock } from '../core/clock.js';
import { isLater } from '../core/maybe-promise.js';
import { createPrincipal, type Principal } from './principal.js';
import { Refusal } from './refusals.js';
import { checkClaims, type TimeRules } from './token-claims.js';
import { parseToken } from './token-shape.js';
import { type MaybePromise, TokenRefusedError, type TokenVerifier } from './token-verifier.js';
import { refusalOf } from './verifier-refusal.js';

export interface IdentificationPorts {
  readonly clock: Clock;
  readonly verifier: Pick<TokenVerifier, 'verify'> & Partial<TokenVerifier>;
  readonly isRevoked: (principal: Principal) => boolean;
  /** Whether there may be revocations that this node has not heard of. */
  readonly isStale: () => boolean;
}

export type IdentificationRules = TimeRules & { readonly maxTokenBytes: number };

type Verified = Awaited<ReturnType<TokenVerifier['verify']>>;

/** Who a token speaks for. */
export class Identification {
  constructor(
    private readonly ports: IdentificationPorts,
    private readonly rules: IdentificationRules,
  ) {}

  /** Shape, verifier, claims and times, revocation, in this order. Never throws nor rejects. */
  identify(text: string): MaybePromise<Principal | Refusal> {
    const token = parseToken(text, this.rules.maxTokenBytes);
    if (token instanceof Refusal) return token;
    try {
      const verified = this.ports.verifier.verify(token);
      return isLater(verified)
        ? Promise.resolve(verified).then(this.#believe).catch(refusalOf)
        : this.#believe(verified);
    } catch (error) {
      return refusalOf(error);
    }
  }

  readonly #believe = (verified: Verified): Principal | Refusal => {
    if (verified instanceof TokenRefusedError) return refusalOf(verified);
    const claims = checkClaims(verified, this.ports.clock.now(), this.rules);
    if (claims instanceof Refusal) return claims;
    const principal = createPrincipal(claims, this.rules.clockToleranceMs);
    if (this.ports.isRevoked(principal)) return new Refusal('token_revoked').by(principal);
    return this.ports.isStale() ? new Refusal('authority_stale').by(principal) : principal;
  };
}

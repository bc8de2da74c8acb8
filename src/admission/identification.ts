import type { Clock } from '../roomgate.clock.js';
import { attempt, whenThere } from '../roomgate.later.js';
import { createPrincipal, type Principal } from './principal.js';
import { Refusal } from './refusals.js';
import { checkClaims, type TimeRules } from './token-claims.js';
import { parseToken } from './token-shape.js';
import { type MaybePromise, TokenRefusedError, type TokenVerifier } from './token-verifier.js';
import { refusalOf } from './verifier-refusal.js';

export interface IdentificationPorts {
  readonly clock: Clock;
  readonly verifier: Pick<TokenVerifier, 'verify'>;
  readonly isRevoked: (principal: Principal) => boolean;
  /** Whether there may be revocations that this node has not heard of. */
  readonly isStale: () => boolean;
}

export type IdentificationRules = TimeRules & { readonly maxTokenBytes: number };

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
    return attempt(
      () =>
        whenThere(this.ports.verifier.verify(token), (claims) =>
          claims instanceof TokenRefusedError ? refusalOf(claims) : this.#believe(claims),
        ),
      refusalOf,
    );
  }

  #believe(raw: Readonly<Record<string, unknown>>): Principal | Refusal {
    const claims = checkClaims(raw, this.ports.clock.now(), this.rules);
    if (claims instanceof Refusal) return claims;
    const principal = createPrincipal(claims, this.rules.clockToleranceMs);
    if (this.ports.isRevoked(principal)) return new Refusal('token_revoked').by(principal);
    return this.ports.isStale() ? new Refusal('authority_stale').by(principal) : principal;
  }
}

import { cutRemark, isAuditReason } from './audit.js';
import { Refusal } from './refusals.js';
import type { UnverifiedToken } from './token.js';

export type MaybePromise<T> = T | Promise<T>;

/**
 * Believes a token or refuses it. It checks signature, algorithm, issuer, audience and type; times and required claims are
 * checked by admission afterwards, for every verifier alike. Replace it through `RoomgateModule.forRoot({ verifier })`.
 */
export abstract class TokenVerifier {
  /**
   * What verifying one token costs at most, in the time of a signature check by P-256 (about 0.1 ms). So many fewer tokens are
   * verified per turn of the event loop, see `maxVerdictsPerTurn`. Whoever wraps another verifier passes its cost on.
   * @default 1
   */
  readonly checksPerToken?: number;

  /**
   * @returns the claims of the token; or, as well as thrown, a TokenRefusedError: strangers bring bad tokens by the thousand, and
   * an exception costs more than many a signature. Whoever wraps another verifier has to pass that on.
   * @throws TokenRefusedError when the token is not to be believed (401), KeysUnavailableError when its keys cannot be
   * had at the moment (503). Anything else thrown counts as the former.
   */
  abstract verify(
    token: UnverifiedToken,
  ): MaybePromise<Readonly<Record<string, unknown>> | TokenRefusedError>;

  /**
   * The same for a logout token (OpenID Connect Back-Channel Logout 1.0): its type is `logout+jwt` and no other, and its
   * audience may be another one; it refuses only by throwing. What passes here must not pass `verify`, nor the other way round.
   * Default: none passes.
   */
  verifyLogout(_token: UnverifiedToken): MaybePromise<Readonly<Record<string, unknown>>> {
    throw new TokenRefusedError('type');
  }
}

/** `reason` goes to log and metric; it must not carry anything the token contains. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';

  constructor(readonly reason: string) {
    super('The token is not valid.');
  }
}

export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';

  constructor() {
    super('The keys that verify this token cannot be had at the moment.');
  }
}

/** What a `TokenVerifier` threw, as a refusal. An application's own may invent reasons; the table of reasons is closed. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof KeysUnavailableError) return new Refusal('keys_unavailable');
  if (!(error instanceof TokenRefusedError))
    return new Refusal('token_invalid', 'verifier_failed').because(error);
  const reason: unknown = error.reason;
  if (isAuditReason(reason)) return new Refusal('token_invalid', reason);
  const remark = cutRemark(reason);
  return new Refusal('token_invalid', 'verifier_refused', undefined, undefined, remark);
}

import type { UnverifiedToken } from './token-shape.js';

export type MaybePromise<T> = T | Promise<T>;

/**
 * Believes a token or throws. It checks signature, algorithm, issuer, audience and type; times and required claims are
 * checked by admission afterwards, for every verifier alike. Replace it through `RoomgateModule.forRoot({ verifier })`.
 */
export abstract class TokenVerifier {
  /**
   * @returns the claims of the token.
   * @throws TokenRefusedError when the token is not to be believed (401), KeysUnavailableError when its keys cannot be
   * had at the moment (503). Anything else thrown counts as the former.
   */
  abstract verify(token: UnverifiedToken): MaybePromise<Readonly<Record<string, unknown>>>;
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

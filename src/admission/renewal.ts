import { type Admission, checkScopes, type Destination } from './admission.js';
import type { Principal } from './principal.js';
import { Refusal } from './refusals.js';
import type { RoomRights } from './room-policy.js';

/** What a connection may be from now on: the same subject, with what its new token says. */
export interface Renewed {
  readonly principal: Principal;
  /** In the order of the rooms that were asked about; a refusal is a room that is lost. */
  readonly rights: readonly (RoomRights | Refusal)[];
}

/** Why a token does not refresh a connection: a code of `exception`. */
export type RenewalFailure =
  Refusal['code'] | 'identity_changed' | 'token_older' | 'refresh_in_progress';

/**
 * A fresh token for a connection that exists (auth.refresh). It has to speak for the same issuer and subject, and not to be
 * older than the one it replaces; then every room and right is decided anew. Never rejects.
 */
export async function renew(
  admission: Admission,
  text: string,
  current: Principal,
  rooms: readonly Destination[],
  identityClaims: readonly string[],
): Promise<Renewed | RenewalFailure> {
  const principal = await admission.identify(text);
  if (principal instanceof Refusal) return principal.code;
  if (principal.identity !== current.identity) return 'identity_changed';
  const differs = (claim: string): boolean =>
    JSON.stringify(principal.claims[claim]) !== JSON.stringify(current.claims[claim]);
  if (identityClaims.some(differs)) return 'identity_changed';
  // Not every issuer writes fractions of a second, so within one second nothing is known to be older.
  if (Math.floor(principal.claims.iat) < Math.floor(current.claims.iat)) return 'token_older';
  for (const { rules } of rooms) {
    const scope = checkScopes(principal, rules);
    if (scope) return scope.code;
  }
  // All at once: many rooms of a policy that takes its time would take longer than a verdict may.
  const rights = await Promise.all(rooms.map(async (room) => admission.rightsIn(principal, room)));
  // No answer is not a no: the old authority goes on until it expires.
  const isUnanswered = rights.some(
    (each) => each instanceof Refusal && each.code === 'unavailable',
  );
  return isUnanswered ? 'unavailable' : { principal, rights };
}

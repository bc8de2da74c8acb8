import { RoomgateError } from '../core/errors.js';
import { isLater } from '../core/maybe-promise.js';
import { Refusal } from './refusals.js';
import type { RoomAccess, RoomPolicy, RoomRights } from './room-policy.js';
import { askRights } from './room-rights.js';
import type { MaybePromise } from './token-verifier.js';

/** What a policy lets somebody do in a room, or why not. `hideRooms`: a no says nothing of whether the room exists. Never throws nor rejects. */
export function askPolicy(
  policy: RoomPolicy,
  access: RoomAccess,
  hideRooms: boolean,
): MaybePromise<RoomRights | Refusal> {
  try {
    const may = policy.join(access);
    const rights = isLater(may)
      ? Promise.resolve(may).then((later) => rightsOf(later, policy, access, hideRooms))
      : rightsOf(may, policy, access, hideRooms);
    return isLater(rights) ? Promise.resolve(rights).catch(policyFailed) : rights;
  } catch (error) {
    return policyFailed(error);
  }
}

function rightsOf(
  may: unknown,
  policy: RoomPolicy,
  access: RoomAccess,
  hideRooms: boolean,
): MaybePromise<RoomRights | Refusal> {
  if (may === true) return askRights(policy, access);
  return new Refusal(hideRooms ? 'not_found' : 'room_forbidden', 'room_forbidden');
}

/** A policy that throws, or answers with what cannot be read, has not said yes. */
export function policyFailed(error: unknown): Refusal {
  return new Refusal('unavailable', 'policy_failed').because(error);
}

/** Why a room could not be had: one that is full says so, anything else is the engine's fault. */
export function refusalOfRoom(error: unknown): Refusal {
  const code = error instanceof RoomgateError ? error.code : undefined;
  if (code === 'room_full' || code === 'too_many_rooms') return new Refusal(code);
  const refusal = new Refusal('engine_unavailable');
  // Our own says no more than the code does.
  return code === undefined ? refusal.because(error) : refusal;
}

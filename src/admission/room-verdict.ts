import { RoomgateError } from '../roomgate.errors.js';
import { attempt, whenThere } from '../roomgate.later.js';
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
  const no = (): Refusal =>
    new Refusal(hideRooms ? 'not_found' : 'room_forbidden', 'room_forbidden');
  return attempt<RoomRights | Refusal, Refusal>(
    () =>
      whenThere<boolean, RoomRights | Refusal>(policy.join(access), (may) =>
        may === true ? askRights(policy, access) : no(),
      ),
    () => new Refusal('unavailable', 'policy_failed'),
  );
}

/** Why a room could not be had: one that is full says so, anything else is the engine's fault. */
export function refusalOfRoom(error: unknown): Refusal {
  const code = error instanceof RoomgateError ? error.code : undefined;
  if (code === 'room_full' || code === 'too_many_rooms') return new Refusal(code);
  return new Refusal('engine_unavailable');
}

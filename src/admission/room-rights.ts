import { whenThere } from '../roomgate.later.js';
import type { HistoryRight, RoomAccess, RoomPolicy, RoomRights } from './room-policy.js';
import type { MaybePromise } from './token-verifier.js';

/** Shared by all who have the same: every connection holds some. */
const SHARED = new Map<string, RoomRights>();

/** What a member may do in its room; rights are made in no other way. */
export function roomRights(given: RoomRights): RoomRights {
  const { publish, presence, history } = given;
  if (typeof history === 'object') return Object.freeze({ publish, presence, history });
  const key = `${publish} ${presence} ${history}`;
  let shared = SHARED.get(key);
  if (!shared) SHARED.set(key, (shared = Object.freeze({ publish, presence, history })));
  return shared;
}

/** Asks a policy about all that a member may do, one after the other. Only `true` is a yes, and a time has to be one. */
export function askRights(policy: RoomPolicy, access: RoomAccess): MaybePromise<RoomRights> {
  return whenThere<unknown, RoomRights>(policy.publish(access), (publish) =>
    whenThere<unknown, RoomRights>(policy.presence(access), (presence) =>
      whenThere<unknown, RoomRights>(policy.history(access), (history) =>
        roomRights({
          publish: publish === true,
          presence: presence === true,
          history: toHistoryRight(history),
        }),
      ),
    ),
  );
}

/** The narrower of what it says and what is known beside it. */
export function notBefore(right: HistoryRight, time: number): HistoryRight {
  if (right === false) return false;
  return { notBefore: right === true ? time : Math.max(right.notBefore, time) };
}

/** What both of them allow. */
export function narrower(one: RoomRights, other: RoomRights): RoomRights {
  const { history } = one;
  return roomRights({
    publish: one.publish && other.publish,
    presence: one.presence && other.presence,
    history:
      typeof history === 'object'
        ? notBefore(other.history, history.notBefore)
        : history && other.history,
  });
}

function toHistoryRight(answer: unknown): HistoryRight {
  if (answer === true) return true;
  const time = (answer as { notBefore?: unknown } | null | undefined)?.notBefore;
  return typeof time === 'number' && Number.isFinite(time)
    ? Object.freeze({ notBefore: time })
    : false;
}

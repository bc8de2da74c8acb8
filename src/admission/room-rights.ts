import type { HistoryRight, RoomAccess, RoomPolicy, RoomRights } from './room-policy.js';

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

/** Asks a policy about all that a member may do. Only `true` is a yes, and a time has to be one. */
export async function askRights(policy: RoomPolicy, access: RoomAccess): Promise<RoomRights> {
  const publish = (await policy.publish(access)) === true;
  const presence = (await policy.presence(access)) === true;
  return roomRights({ publish, presence, history: toHistoryRight(await policy.history(access)) });
}

/** The narrower of what it says and what is known beside it. */
export function notBefore(right: HistoryRight, time: number): HistoryRight {
  if (right === false) return false;
  return { notBefore: right === true ? time : Math.max(right.notBefore, time) };
}

function toHistoryRight(answer: unknown): HistoryRight {
  if (answer === true) return true;
  const time = (answer as { notBefore?: unknown } | null | undefined)?.notBefore;
  return typeof time === 'number' && Number.isFinite(time)
    ? Object.freeze({ notBefore: time })
    : false;
}

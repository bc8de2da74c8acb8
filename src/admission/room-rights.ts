import { isLater } from '../core/maybe-promise.js';
import type { HistoryRight, RoomAccess, RoomPolicy, RoomRights } from './room-policy.js';
import type { MaybePromise } from './token-verifier.js';

/** Shared by all who have the same, since every connection holds some; in the order of three bits. */
const SHARED: readonly RoomRights[] = Array.from({ length: 8 }, (_, bits) =>
  Object.freeze({ publish: bits > 3, presence: bits % 4 > 1, history: bits % 2 > 0 }),
);

/** What a member may do in its room; rights are made in no other way. */
export function roomRights(given: RoomRights): RoomRights {
  const { publish, presence, history } = given;
  if (typeof history === 'object') return Object.freeze({ publish, presence, history });
  return SHARED[(publish ? 4 : 0) + (presence ? 2 : 0) + (history ? 1 : 0)] as RoomRights;
}

const QUESTIONS = ['publish', 'presence', 'history'] as const;

/** Asks a policy about all that a member may do, one after the other. Only `true` is a yes, and a time has to be one. */
export function askRights(policy: RoomPolicy, access: RoomAccess): MaybePromise<RoomRights> {
  const answers: unknown[] = [];
  for (const question of QUESTIONS) {
    const answer: unknown = policy[question](access);
    answers.push(answer);
    if (isLater(answer)) return askOn(policy, access, answers);
  }
  return rightsOf(answers);
}

/** Goes on when the newest answer is there. */
async function askOn(
  policy: RoomPolicy,
  access: RoomAccess,
  answers: unknown[],
): Promise<RoomRights> {
  answers.push(await answers.pop());
  for (const question of QUESTIONS.slice(answers.length))
    answers.push(await policy[question](access));
  return rightsOf(answers);
}

function rightsOf([publish, presence, history]: readonly unknown[]): RoomRights {
  return roomRights({
    publish: publish === true,
    presence: presence === true,
    history: toHistoryRight(history),
  });
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

import { hash } from 'node:crypto';
import { BoundedCache } from '../core/bounded-cache.js';
import { RoomgateError } from '../core/errors.js';
import { attempt, isLater, whenThere } from '../core/maybe-promise.js';
import type { RoomgateOptions } from '../module/options.js';
import type { AdmissionPorts, Admitted, Destination } from './admission.js';
import type { Principal } from './principal.js';
import { Refusal } from './refusals.js';
import { type RoomKey, roomKey } from './room-id.js';
import type { HistoryRight, RoomAccess, RoomPolicy, RoomRights } from './room-policy.js';
import type { MaybePromise } from './token-verifier.js';

type Found = Omit<Admitted, 'rights' | 'release'>;

/** From somebody whom we know to a room that is held for them, or why not. Nothing here throws or rejects. */
export class RoomEntry {
  readonly #cache: RightsCache;

  constructor(
    private readonly ports: Pick<AdmissionPorts, 'clock' | 'generation' | 'holdRoom'>,
    private readonly rules: Pick<RoomgateOptions, 'hideRooms'>,
  ) {
    this.#cache = new RightsCache(() => ports.clock.elapsed(), ports.generation);
  }

  /** What the room policy allows the principal. */
  rightsIn(principal: Principal, { room, rules }: Destination): MaybePromise<RoomRights | Refusal> {
    const { policy, roomName } = rules;
    const access = { roomName, room, principal };
    try {
      return this.#cache.isFor(policy)
        ? this.#remembered(policy, access)
        : askPolicy(policy, access, this.rules.hideRooms);
    } catch (error) {
      return policyFailed(error);
    }
  }

  /** The room, with what the principal may do in it. */
  find(principal: Principal, destination: Destination): MaybePromise<Admitted | Refusal> {
    const { room, rules } = destination;
    const key = roomKey(rules.roomName, room);
    const generation = this.ports.generation(key);
    const found = { principal, room, key, generation };
    const rights = this.rightsIn(principal, destination);
    return isLater(rights) ? this.#holdLater(found, rights) : this.#hold(found, rights);
  }

  #remembered(policy: RoomPolicy, access: RoomAccess): MaybePromise<RoomRights | Refusal> {
    const decide = (): MaybePromise<RoomRights | Refusal> =>
      askPolicy(policy, access, this.rules.hideRooms);
    return attempt(() => this.#cache.ask(policy, access, decide), policyFailed);
  }

  #hold(found: Found, rights: RoomRights | Refusal): MaybePromise<Admitted | Refusal> {
    const { principal, room, key, generation } = found;
    if (rights instanceof Refusal) return rights.by(principal);
    try {
      const release = this.ports.holdRoom(key, principal);
      return isLater(release)
        ? admitLater(found, rights, release)
        : { principal, room, key, rights, generation, release };
    } catch (error) {
      return refusalOfRoom(error).by(principal);
    }
  }

  // Functions of their own: one that makes a function for later has a place on the heap for what that sees, whether or not it
  // is made.

  async #holdLater(
    found: Found,
    rights: Promise<RoomRights | Refusal>,
  ): Promise<Admitted | Refusal> {
    return this.#hold(found, await rights);
  }
}

async function admitLater(
  found: Found,
  rights: RoomRights,
  release: Promise<() => void>,
): Promise<Admitted | Refusal> {
  try {
    return { ...found, rights, release: await release };
  } catch (error) {
    return refusalOfRoom(error).by(found.principal);
  }
}

/** What a policy lets somebody do in a room, or why not. `hideRooms`: a no says nothing of whether the room exists. Never throws nor rejects. */
function askPolicy(
  policy: RoomPolicy,
  access: RoomAccess,
  hideRooms: boolean,
): MaybePromise<RoomRights | Refusal> {
  try {
    const may = policy.join(access);
    const rights = isLater(may)
      ? Promise.resolve(may).then((later) => rightsIn(later, policy, access, hideRooms))
      : rightsIn(may, policy, access, hideRooms);
    return isLater(rights) ? Promise.resolve(rights).catch(policyFailed) : rights;
  } catch (error) {
    return policyFailed(error);
  }
}

function rightsIn(
  may: unknown,
  policy: RoomPolicy,
  access: RoomAccess,
  hideRooms: boolean,
): MaybePromise<RoomRights | Refusal> {
  if (may === true) return askRights(policy, access);
  return new Refusal(hideRooms ? 'not_found' : 'room_forbidden', 'room_forbidden');
}

/** A policy that throws, or answers with what cannot be read, has not said yes. */
function policyFailed(error: unknown): Refusal {
  return new Refusal('unavailable', 'policy_failed').because(error);
}

/** Why a room could not be had: one that is full says so, anything else is the engine's fault. */
function refusalOfRoom(error: unknown): Refusal {
  const code = error instanceof RoomgateError ? error.code : undefined;
  if (code === 'room_full' || code === 'too_many_rooms') return new Refusal(code);
  const refusal = new Refusal('engine_unavailable');
  // Our own says no more than the code does.
  return code === undefined ? refusal.because(error) : refusal;
}

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

interface Entry {
  readonly answer: RoomRights | Refusal;
  readonly until: number;
  readonly generation: number;
}

const MAX_ENTRIES = 10_000;

/**
 * Answers of policies that ask for it (`cacheMs`), by room name, room, issuer and subject, and all claims: other claims are
 * another question. An answer from before rights were asked for anew counts for nothing, however young, and none is kept that
 * was overtaken while it was awaited.
 */
export class RightsCache {
  readonly #answers = new WeakMap<RoomPolicy, BoundedCache<Entry>>();

  constructor(
    private readonly now: () => number,
    private readonly generation: (key: RoomKey) => number,
  ) {}

  /** Whether answers of the policy may be remembered. */
  isFor({ cacheMs }: RoomPolicy): boolean {
    return cacheMs > 0;
  }

  ask(
    policy: RoomPolicy,
    access: RoomAccess,
    decide: () => MaybePromise<RoomRights | Refusal>,
  ): MaybePromise<RoomRights | Refusal> {
    let answers = this.#answers.get(policy);
    if (!answers) this.#answers.set(policy, (answers = new BoundedCache(MAX_ENTRIES)));
    const key = questionOf(access);
    const room = roomKey(access.roomName, access.room);
    const generation = this.generation(room);
    const known = answers.get(key);
    if (known && known.generation === generation && this.now() < known.until) return known.answer;
    const remembered = answers;
    return whenThere(decide(), (answer) => {
      // No answer is nothing to remember.
      const isAnswer = !(answer instanceof Refusal && answer.code === 'unavailable');
      if (isAnswer && this.generation(room) === generation)
        remembered.set(key, { answer, until: this.now() + policy.cacheMs, generation });
      return answer;
    });
  }
}

function questionOf({ roomName, room, principal }: RoomAccess): string {
  const claims = hash('sha256', JSON.stringify(principal.claims), 'base64url');
  return `${roomName}/${room}/${principal.identity}/${claims}`;
}

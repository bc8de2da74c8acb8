import { hash } from 'node:crypto';
import { whenThere } from '../core/maybe-promise.js';
import { BoundedCache } from '../core/bounded-cache.js';
import { Refusal } from './refusals.js';
import { roomKey, type RoomKey } from './room-id.js';
import type { RoomAccess, RoomPolicy, RoomRights } from './room-policy.js';
import type { MaybePromise } from './token-verifier.js';

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

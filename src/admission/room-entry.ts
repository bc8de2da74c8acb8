import type { Clock } from '../core/clock.js';
import { attempt, isLater } from '../core/maybe-promise.js';
import type { Admitted, Destination } from './admission.js';
import type { Principal } from './principal.js';
import { Refusal } from './refusals.js';
import { RightsCache } from './rights-cache.js';
import { type RoomKey, roomKey } from './room-id.js';
import type { RoomAccess, RoomPolicy, RoomRights } from './room-policy.js';
import { askPolicy, policyFailed, refusalOfRoom } from './room-verdict.js';
import type { MaybePromise } from './token-verifier.js';

export interface RoomEntryPorts {
  readonly clock: Clock;
  /** Another one when rights in the room are to be asked for anew, or it is closed: an answer of the policy from before is stale. */
  readonly generation: (key: RoomKey) => number;
  /** Has the engine carry the room to this node; returns how to let it go again. */
  readonly holdRoom: (key: RoomKey, principal: Principal) => MaybePromise<() => void>;
}

type Found = Omit<Admitted, 'rights' | 'release'>;

/** From somebody whom we know to a room that is held for them, or why not. Nothing here throws or rejects. */
export class RoomEntry {
  readonly #cache: RightsCache;

  constructor(
    private readonly ports: RoomEntryPorts,
    private readonly rules: { readonly hideRooms: boolean },
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

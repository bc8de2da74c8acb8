import type { Principal } from './principal.js';
import { parseRoomId, type RoomId } from './room-id.js';
import type { MaybePromise } from './token-verifier.js';

/** Somebody at the door of a room. */
export interface RoomAccess {
  readonly roomName: string;
  readonly room: RoomId;
  readonly principal: Principal;
}

/** Which of a room's past somebody may see: none, all that is kept, or what was published at or after a time (milliseconds since the epoch). */
export type HistoryRight = boolean | { readonly notBefore: number };

/** What a member may do in its room. */
export interface RoomRights {
  readonly publish: boolean;
  readonly presence: boolean;
  readonly history: HistoryRight;
}

/**
 * Who may enter which room. The policy of a gateway, `@RoomGateway(path, { policy })`, is an ordinary provider of the
 * app; the default one for all gateways is replaced through `RoomgateModule.forRoot({ policy })`. Only `true` is a yes;
 * a policy that throws or takes too long refuses with 503.
 */
export abstract class RoomPolicy {
  /**
   * Milliseconds for which an answer about the same room, principal and claims may be given again without asking; for
   * policies that do I/O. `reauthorize` asks in any case, and ends what was remembered. Default 0: every question is asked.
   */
  readonly cacheMs: number = 0;

  /** May the principal become a member of the room? */
  abstract join(access: RoomAccess): MaybePromise<boolean>;

  /** May a member speak? Asked once when it joins, like the others. Default: every member may. */
  publish(_access: RoomAccess): MaybePromise<boolean> {
    return true;
  }

  /** May a member see who else is there? Default: every member may, where presence is on. */
  presence(_access: RoomAccess): MaybePromise<boolean> {
    return true;
  }

  /** What of the past may a member see, whether it asks for it or comes back? Default: all that is kept. */
  history(_access: RoomAccess): MaybePromise<HistoryRight> {
    return true;
  }
}

const MAX_ROOMS = 1_000;

/** The closed default: the rooms a token lists in its `rooms` claim, an array of at most 1,000 canonical UUIDs. */
export class RoomsClaimPolicy extends RoomPolicy {
  constructor(private readonly allowWildcard: boolean) {
    super();
  }

  join({ room, principal }: RoomAccess): boolean {
    const rooms: unknown = principal.claims.rooms;
    if (!Array.isArray(rooms) || rooms.length > MAX_ROOMS) return false;
    let isListed = false;
    for (const item of rooms as readonly unknown[]) {
      const isRoom =
        item === '*' ? this.allowWildcard : item !== undefined && parseRoomId(item) === item;
      // One element that is not a room id spoils the claim: half-understood rights are no rights.
      if (!isRoom) return false;
      isListed ||= item === room || item === '*';
    }
    return isListed;
  }
}

import { type RoomKey, toRoomId } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import { mayFloat } from '../core/maybe-promise.js';
import type { Reauthorized } from './authority.js';
import type { Position, PresencePage } from './engine/engine.js';
import type { HistoryRequest, PastPage } from './history.js';
import type { Memberships } from './membership.js';
import {
  type BroadcastOptions,
  NamedPublications,
  type PublicationPorts,
} from './named-publications.js';
import type { Orders } from './orders.js';

export interface RoomPorts extends PublicationPorts {
  readonly memberships: Memberships;
  readonly orders: Orders;
}

/** The rooms of one name. All methods throw RoomgateError `invalid_room_id` for an id that is not a UUID, or reject with it. */
export class NamedRooms extends NamedPublications<RoomPorts> {
  room(id: string): RoomHandle {
    return new RoomHandle(toRoomId(id), this);
  }

  /** The members on this node. */
  members(id: string): readonly RoomConnection[] {
    const room = this.ports.memberships.get(this.key(id));
    return [...(room?.members.values() ?? [])];
  }

  /** @see RoomHandle.close */
  close(id: string): Promise<number> {
    return this.#order(id, (key, orders) => orders.close(key));
  }

  /** @see RoomHandle.disconnect */
  disconnect(id: string, { identity }: { readonly identity: string }): Promise<number> {
    return this.#order(id, (key, orders) => orders.disconnect({ key, identity }));
  }

  /** @see RoomHandle.reauthorize */
  reauthorize(id: string): Promise<Reauthorized> {
    return this.#order(id, (key, orders) => orders.reauthorize({ key }));
  }

  #order<T>(id: string, give: (key: RoomKey, orders: Orders) => Promise<T>): Promise<T> {
    const order = async (): Promise<T> => give(this.key(id), this.ports.orders);
    return mayFloat(order());
  }
}

/** A room with the server's authority: no principal is asked. */
export class RoomHandle {
  constructor(
    readonly id: string,
    private readonly rooms: NamedRooms,
  ) {}

  /** @see NamedRooms.broadcast */
  broadcast(event: string, data?: unknown, options?: BroadcastOptions): Promise<Position> {
    return this.rooms.broadcast(this.id, event, data, options);
  }

  /** @see NamedRooms.broadcastBinary */
  broadcastBinary(bytes: Uint8Array, options?: BroadcastOptions): Promise<Position> {
    return this.rooms.broadcastBinary(this.id, bytes, options);
  }

  /** The members on this node. */
  members(): readonly RoomConnection[] {
    return this.rooms.members(this.id);
  }

  /**
   * Who is present, on every node: several connections of one subject are one member, with the `meta` that only the server sees.
   * @throws RoomgateError `not_kept` when presence is off, `engine_unavailable`.
   */
  presence(limit?: number): Promise<PresencePage> {
    return this.rooms.presence(this.id, limit);
  }

  /** What the room keeps of its past. @throws RoomgateError `not_kept`, `position_unknown`, `engine_unavailable`. */
  history(request?: HistoryRequest): Promise<PastPage> {
    return this.rooms.history(this.id, request);
  }

  /**
   * Asks the policy anew about every member, on every node, after their rights changed somewhere else. Who is no longer granted
   * leaves (`room.left`), and is closed with 4403 when it was its only room; so does who the policy gives no answer about.
   * Resolves with what became of the members on this node, when the engine has accepted the order for the others.
   * While revocations may be missing (`authority_stale`) rights are only taken here; ask again afterwards.
   * @throws RoomgateError `engine_unavailable` when it is unknown whether other nodes get the order; what was done here stays done.
   */
  reauthorize(): Promise<Reauthorized> {
    return this.rooms.reauthorize(this.id);
  }

  /**
   * Every connection leaves the room, on every node, and is closed with 4404 when it was its only one: here in the turn of the
   * call. Resolves with how many there were here, when the engine has accepted the order for the other nodes.
   * @throws RoomgateError `engine_unavailable` when it is unknown whether other nodes get the order; what was done here stays done.
   */
  close(): Promise<number> {
    return this.rooms.close(this.id);
  }

  /**
   * Closes the connections by which the principal is in the room with 4440, on every node. Resolves with how many there were
   * here. @see RoomHandle.close
   */
  disconnect(principal: { readonly identity: string }): Promise<number> {
    return this.rooms.disconnect(this.id, principal);
  }
}

import { type RoomKey, toRoomId } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import { mayFloat } from '../roomgate.later.js';
import type { Reauthorized } from './authority.js';
import type { PresencePage } from './engine/presence-entry.js';
import type { Position } from './engine/publication.js';
import type { HistoryRequest, PastPage } from './history.js';
import type { Memberships } from './membership.js';
import {
  type BroadcastOptions,
  NamedPublications,
  type PublicationPorts,
} from './named-publications.js';
import type { Orders } from './orders.js';
import { RoomHandle } from './room-handle.js';

export interface RoomPorts extends PublicationPorts {
  readonly memberships: Memberships;
  readonly orders: Orders;
}

/** The rooms of one name. All methods throw RoomgateError `invalid_room_id` for an id that is not a UUID, or reject with it. */
export class NamedRooms {
  readonly #publications: NamedPublications;

  constructor(
    readonly name: string,
    private readonly ports: RoomPorts,
  ) {
    this.#publications = new NamedPublications(name, ports);
  }

  room(id: string): RoomHandle {
    return new RoomHandle(toRoomId(id), this);
  }

  /**
   * Speaks to all members of a room, on every node. Resolves when the engine has accepted it.
   * @throws RoomgateError `reserved_event`, `invalid_data`, or `engine_unavailable` when the outcome is unknown.
   */
  broadcast(
    id: string,
    event: string,
    data?: unknown,
    options?: BroadcastOptions,
  ): Promise<Position> {
    return this.#publications.broadcast(id, event, data, options);
  }

  /** Sends bytes to all members as a binary frame behind the event `binary`. @see NamedRooms.broadcast */
  broadcastBinary(id: string, bytes: Uint8Array, options?: BroadcastOptions): Promise<Position> {
    return this.#publications.broadcastBinary(id, bytes, options);
  }

  /** The members on this node. */
  members(id: string): readonly RoomConnection[] {
    const room = this.ports.memberships.get(this.#publications.key(id));
    return [...(room?.members.values() ?? [])];
  }

  /** @see RoomHandle.presence */
  presence(id: string, limit?: number): Promise<PresencePage> {
    return this.#publications.presence(id, limit);
  }

  /** @see RoomHandle.history */
  history(id: string, request?: HistoryRequest): Promise<PastPage> {
    return this.#publications.history(id, request);
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
    const order = async (): Promise<T> => give(this.#publications.key(id), this.ports.orders);
    return mayFloat(order());
  }
}

import { type RoomKey, toRoomId } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import { mayFloat } from '../core/maybe-promise.js';
import type { Reauthorized } from './authority.js';
import type { Memberships } from './membership.js';
import { NamedPublications, type PublicationPorts } from './named-publications.js';
import type { Orders } from './orders.js';
import { RoomHandle } from './room-handle.js';

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

import { type RoomKey, toRoomId } from '../admission/room-id.js';
import { mayFloat } from '../core/maybe-promise.js';
import { NamedPublications, type PublicationPorts } from './named-publications.js';
import type { Order } from './order.js';
import type { OrderSender } from './order-sender.js';
import { RemoteRoom } from './remote-room.js';

export interface RemotePorts extends PublicationPorts {
  readonly sender: OrderSender;
}

/** The rooms of one name, from a process without members. All methods reject with RoomgateError `invalid_room_id` for an id that is not a UUID. */
export class RemoteRooms extends NamedPublications<RemotePorts> {
  /** @throws RoomgateError `invalid_room_id` */
  room(id: string): RemoteRoom {
    return new RemoteRoom(toRoomId(id), this);
  }

  /** @see RemoteRoom.close */
  close(id: string): Promise<void> {
    return this.#order(id, (key) => ({ kind: 'close', key }));
  }

  /** @see RemoteRoom.disconnect */
  disconnect(id: string, { identity }: { readonly identity: string }): Promise<void> {
    return this.#order(id, (key) => ({ kind: 'disconnect', key, identity }));
  }

  /** @see RemoteRoom.reauthorize */
  reauthorize(id: string): Promise<void> {
    return this.#order(id, (key) => ({ kind: 'reauthorize', key }));
  }

  #order(id: string, orderOf: (key: RoomKey) => Order): Promise<void> {
    const { sender } = this.ports;
    const order = async (): Promise<void> => {
      const key = this.key(id);
      return sender.send(sender.encode(orderOf(key)), key);
    };
    return mayFloat(order());
  }
}

import { type RoomKey, toRoomId } from '../admission/room-id.js';
import { mayFloat } from '../core/maybe-promise.js';
import type { Position, PresencePage } from './engine/engine.js';
import type { HistoryRequest, PastPage } from './history.js';
import {
  type BroadcastOptions,
  NamedPublications,
  type PublicationPorts,
} from './named-publications.js';
import type { Order, OrderSender } from './orders.js';

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

/**
 * A room whose members are on other nodes, with the server's authority. What takes members away resolves when the engine has
 * accepted the order, and rejects with RoomgateError `engine_unavailable` when that is unknown: sent again, it does no harm.
 */
export class RemoteRoom {
  constructor(
    readonly id: string,
    private readonly rooms: RemoteRooms,
  ) {}

  /** @see NamedRooms.broadcast */
  broadcast(event: string, data?: unknown, options?: BroadcastOptions): Promise<Position> {
    return this.rooms.broadcast(this.id, event, data, options);
  }

  /** @see NamedRooms.broadcastBinary */
  broadcastBinary(bytes: Uint8Array, options?: BroadcastOptions): Promise<Position> {
    return this.rooms.broadcastBinary(this.id, bytes, options);
  }

  /** @see RoomHandle.presence */
  presence(limit?: number): Promise<PresencePage> {
    return this.rooms.presence(this.id, limit);
  }

  /** @see RoomHandle.history */
  history(request?: HistoryRequest): Promise<PastPage> {
    return this.rooms.history(this.id, request);
  }

  /** Every connection leaves the room, on every node, and is closed with 4404 when it was its only one. */
  close(): Promise<void> {
    return this.rooms.close(this.id);
  }

  /** Closes the connections by which the principal is in the room with 4440, on every node. */
  disconnect(principal: { readonly identity: string }): Promise<void> {
    return this.rooms.disconnect(this.id, principal);
  }

  /** Has every node ask the policy anew about its members; who is no longer granted leaves. */
  reauthorize(): Promise<void> {
    return this.rooms.reauthorize(this.id);
  }
}

import { Injectable } from '@nestjs/common';
import { RoomgateError } from '../core/errors.js';
import { mayFloat } from '../core/maybe-promise.js';
import type { Order } from './orders.js';
import { type RemotePorts, RemoteRooms } from './remote-rooms.js';

/**
 * Rooms with the server's authority in a process that serves none: workers, cron jobs, scripts.
 * `publisher.of('orders').broadcast(orderId, 'paid', data)`.
 */
@Injectable()
export class RoomPublisher {
  readonly #named: ReadonlyMap<string, RemoteRooms>;

  constructor(
    names: readonly string[],
    private readonly ports: RemotePorts,
  ) {
    this.#named = new Map(names.map((name) => [name, new RemoteRooms(name, ports)]));
  }

  /** @throws RoomgateError `unknown_room_name`, listing the known ones. */
  of(name: string): RemoteRooms {
    const rooms = this.#named.get(name);
    if (!rooms)
      throw new RoomgateError(
        'unknown_room_name',
        `Option "rooms" names no rooms "${name}". Known names: ${[...this.#named.keys()].join(', ') || 'none'}.`,
      );
    return rooms;
  }

  /** Closes the connections of a principal with 4440, on every node. @throws RoomgateError `invalid_data`, `engine_unavailable`. */
  disconnect({ identity }: { readonly identity: string }): Promise<void> {
    return this.#order({ kind: 'disconnect', identity });
  }

  /**
   * Has every node ask the policies anew about all rooms of a principal's connections; without a principal about everybody's.
   * @throws RoomgateError `invalid_data`, `engine_unavailable`.
   */
  reauthorize(principal?: { readonly identity: string }): Promise<void> {
    const target = principal ? { identity: principal.identity } : {};
    return this.#order({ kind: 'reauthorize', ...target });
  }

  #order(order: Order): Promise<void> {
    const { sender } = this.ports;
    const send = async (): Promise<void> => sender.send(sender.encode(order));
    return mayFloat(send());
  }
}

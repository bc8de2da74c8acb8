import { Injectable } from '@nestjs/common';
import { toRoomId } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.contract.js';
import type { Registry } from '../connection/registry.js';
import { RoomgateError } from '../core/errors.js';
import type { Reauthorized } from './authority.js';
import type { MembershipListener, Memberships, RoomListeners } from './membership.js';
import { ServerRoom, type ServerRoomPorts } from './server-room.js';

/**
 * Rooms with the server's authority in a process that serves none: workers, cron jobs, scripts.
 * `publisher.room(orderId, 'orders').broadcast('paid', data)`.
 */
@Injectable()
export class RoomPublisher {
  readonly #names = new Set<string>();

  constructor(private readonly ports: ServerRoomPorts) {}

  /** @internal The names of the rooms there are, before anybody can ask for one. */
  addNames(names: readonly string[]): void {
    this.ports.settings.checkNames(names);
    for (const name of names) this.#names.add(name);
  }

  /**
   * A room by its id. `name`: the `rooms` of its gateway; default `default`, as there.
   * @throws RoomgateError `invalid_room_id` unless the id is a UUID, `unknown_room_name` listing the known names.
   */
  room(id: string, name: string = 'default'): ServerRoom {
    if (!this.#names.has(name))
      throw new RoomgateError(
        'unknown_room_name',
        `No rooms are named "${name}". Known names: ${[...this.#names].join(', ') || 'none'}. A gateway sets its name by "rooms" of @RoomGateway; in a worker the option "rooms" lists the names.`,
      );
    return new ServerRoom(name, toRoomId(id), this.ports);
  }

  /**
   * Closes the connections of a principal with 4440, on every node. Resolves with how many they were on this node: 0 in a worker.
   * @throws RoomgateError `invalid_data`, or `engine_unavailable` when it is unknown whether other nodes get the order.
   */
  disconnect({ identity }: { readonly identity: string }): Promise<number> {
    return this.ports.orders.disconnect({ identity });
  }

  /**
   * Asks the policies again about all rooms of a principal's connections, on every node; without a principal about everybody's.
   * @throws RoomgateError `invalid_data`, `engine_unavailable`. @see ServerRoom.reauthorize
   */
  reauthorize(principal?: { readonly identity: string }): Promise<Reauthorized> {
    return this.ports.orders.reauthorize(principal ? { identity: principal.identity } : {});
  }
}

/**
 * Rooms with the server's authority, injectable anywhere on a node: controllers, jobs, other services. It has all that a
 * `RoomPublisher` has, and what is known of this node alone. `rooms.room(orderId, 'orders').broadcast('paid', data)`.
 */
@Injectable()
export class RoomService extends RoomPublisher {
  constructor(
    ports: ServerRoomPorts,
    private readonly memberships: Memberships,
    private readonly registry: Registry,
    private readonly listeners: RoomListeners,
  ) {
    super(ports);
  }

  /** The members of a room on this node. @throws RoomgateError `invalid_room_id`, `unknown_room_name`. @see RoomPublisher.room */
  members(id: string, name?: string): readonly RoomConnection[] {
    const room = this.memberships.get(this.room(id, name).key);
    return [...(room?.members.values() ?? [])];
  }

  /** The connections of one principal on this node, whatever room they are in. */
  toSubject({ identity }: { readonly identity: string }): {
    send(event: string, data?: unknown): number;
    readonly connections: readonly RoomConnection[];
  } {
    const connections = [...this.registry.ofSubject(identity)];
    return {
      connections,
      send: (event, data) =>
        connections.filter((connection) => connection.send(event, data)).length,
    };
  }

  /** Calls back when members and rooms of this node come and go; returns how to stop that. */
  listen(listener: MembershipListener): () => void {
    return this.listeners.add(listener);
  }
}

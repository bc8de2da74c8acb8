import { Injectable } from '@nestjs/common';
import type { RoomId } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import type { Registry } from '../connection/registry.js';
import { RoomgateError } from '../core/errors.js';
import { mayFloat } from '../core/maybe-promise.js';
import type { Reauthorized } from './authority.js';
import { NamedRooms, type RoomPorts } from './server-rooms.js';
import { Room } from './room.js';
import type { MembershipListener, RoomListeners } from './membership.js';

/**
 * Rooms with the server's authority, injectable anywhere: controllers, jobs, other services.
 * `rooms.of('orders').broadcast(orderId, 'paid', data)`.
 */
@Injectable()
export class RoomService {
  readonly #named = new Map<string, NamedRooms>();

  constructor(
    private readonly ports: RoomPorts,
    private readonly registry: Registry,
    private readonly listeners: RoomListeners,
  ) {}

  /** @internal The names come from the gateways, before anybody can ask for one. */
  addNames(names: readonly string[]): void {
    this.ports.settings.checkNames(names);
    for (const name of names)
      if (!this.#named.has(name)) this.#named.set(name, new NamedRooms(name, this.ports));
  }

  /** @throws RoomgateError `unknown_room_name`, listing the known ones. */
  of(name: string): NamedRooms {
    const rooms = this.#named.get(name);
    if (!rooms)
      throw new RoomgateError(
        'unknown_room_name',
        `No gateway serves rooms named "${name}". Known names: ${[...this.#named.keys()].join(', ') || 'none'}.`,
      );
    return rooms;
  }

  /** @internal A room with the rights of one of its members. */
  asMember(connection: RoomConnection, id: RoomId): Room {
    return new Room(id, connection.roomName, connection, this.of(connection.roomName), this.ports);
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

  /**
   * Asks the policies anew about all rooms of a principal's connections, on every node; without a principal about everybody's.
   * @see RoomHandle.reauthorize
   */
  reauthorize(principal?: { readonly identity: string }): Promise<Reauthorized> {
    const target = principal ? { identity: principal.identity } : {};
    return mayFloat(this.ports.orders.reauthorize(target));
  }

  /** Calls back when members and rooms of this node come and go; returns how to stop that. */
  listen(listener: MembershipListener): () => void {
    return this.listeners.add(listener);
  }
}

import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type RoomId, roomKey, toRoomId } from '../admission/room-id.js';
import { CLOSE_CODES } from '../connection/close-codes.js';
import type { RoomConnection } from '../connection/connection.js';
import { encodeMessage, refuseReserved } from '../connection/message.js';
import type { Registry } from '../connection/registry.js';
import { RoomgateError } from '../roomgate.errors.js';
import type { Authority, Reauthorized } from './authority.js';
import type { RoomEngine } from './engine/engine.js';
import type { Position } from './engine/publication.js';
import type { MembershipListener, Memberships } from './membership.js';
import { Room } from './room.js';

export interface BroadcastOptions {
  /** The id of the one connection that is left out. */
  readonly except?: string;
  /** Names the publication, so that a retry within a minute is not a second one. Default: a random UUID. */
  readonly publicationId?: string;
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

  /** The members on this node. */
  members(): readonly RoomConnection[] {
    return this.rooms.members(this.id);
  }

  /**
   * Asks the policy anew about every member on this node, after their rights changed somewhere else. Who is no longer granted
   * leaves (`room.left`), and is closed with 4403 when it was its only room; so does who the policy gives no answer about.
   */
  reauthorize(): Promise<Reauthorized> {
    return this.rooms.reauthorize(this.id);
  }

  /** Closes every connection that is in the room on this node with 4404; returns how many. */
  close(): number {
    return this.rooms.close(this.id);
  }

  /** Closes the connections by which the principal is in the room on this node with 4440; returns how many. */
  disconnect(principal: { readonly identity: string }): number {
    return this.rooms.disconnect(this.id, principal);
  }
}

/** The rooms of one name. All methods throw RoomgateError `invalid_room_id` for an id that is not a UUID. */
export class NamedRooms {
  constructor(
    readonly name: string,
    private readonly memberships: Memberships,
    private readonly engine: RoomEngine,
    private readonly authority: Authority,
  ) {}

  room(id: string): RoomHandle {
    return new RoomHandle(toRoomId(id), this);
  }

  /**
   * Speaks to all members of a room, on every node. Resolves when the engine has accepted it.
   * @throws RoomgateError `reserved_event`, `invalid_data`, or `engine_unavailable` when the outcome is unknown.
   */
  async broadcast(
    id: string,
    event: string,
    data?: unknown,
    options: BroadcastOptions = {},
  ): Promise<Position> {
    refuseReserved(event);
    const { except, publicationId = randomUUID() } = options;
    return this.engine.publish(this.#key(id), encodeMessage(event, data), {
      publicationId,
      except,
    });
  }

  members(id: string): readonly RoomConnection[] {
    return [...(this.memberships.get(this.#key(id))?.members.values() ?? [])];
  }

  close(id: string): number {
    return this.#end(this.members(id), CLOSE_CODES.roomClosed);
  }

  disconnect(id: string, { identity }: { readonly identity: string }): number {
    return this.#end(
      this.members(id).filter((member) => member.principal.identity === identity),
      CLOSE_CODES.signedOut,
    );
  }

  async reauthorize(id: string): Promise<Reauthorized> {
    return this.authority.reauthorize(this.members(id), this.#key(id));
  }

  #key(id: string): ReturnType<typeof roomKey> {
    return roomKey(this.name, toRoomId(id));
  }

  #end(
    members: readonly RoomConnection[],
    row: (typeof CLOSE_CODES)['roomClosed' | 'signedOut'],
  ): number {
    this.authority.generation += 1;
    for (const member of members) member.end(row, { drop: true });
    return members.length;
  }
}

/**
 * Rooms with the server's authority, injectable anywhere: controllers, jobs, other services.
 * `rooms.of('orders').broadcast(orderId, 'paid', data)`.
 */
@Injectable()
export class RoomService {
  readonly #named = new Map<string, NamedRooms>();

  constructor(
    private readonly memberships: Memberships,
    private readonly engine: RoomEngine,
    private readonly registry: Registry,
    private readonly authority: Authority,
  ) {}

  /** @internal The names come from the gateways, before anybody can ask for one. */
  addName(name: string): void {
    if (!this.#named.has(name))
      this.#named.set(name, new NamedRooms(name, this.memberships, this.engine, this.authority));
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
    return new Room(id, connection.roomName, connection, this);
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

  /** Asks the policies anew about all rooms of a principal's connections on this node. @see RoomHandle.reauthorize */
  async reauthorize({ identity }: { readonly identity: string }): Promise<Reauthorized> {
    return this.authority.reauthorize([...this.registry.ofSubject(identity)]);
  }

  /** Calls back when a connection of this node has joined or left a room; returns how to stop that. */
  listen(listener: MembershipListener): () => void {
    return this.memberships.listen(listener);
  }
}

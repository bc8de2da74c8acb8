import { randomUUID } from 'node:crypto';
import { type RoomKey, roomKey, toRoomId } from '../admission/room-id.js';
import { CLOSE_CODES } from '../connection/close-codes.js';
import type { RoomConnection } from '../connection/connection.js';
import { encodeMessage, refuseReserved } from '../connection/message.js';
import { RoomgateError } from '../roomgate.errors.js';
import { mayFloat } from '../roomgate.later.js';
import type { Authority, Reauthorized } from './authority.js';
import type { RoomEngine } from './engine/engine.js';
import type { PresencePage } from './engine/presence-entry.js';
import type { Position } from './engine/publication.js';
import type { History, HistoryRequest, PastPage } from './history.js';
import type { Memberships } from './membership.js';
import type { Presence } from './presence.js';
import { checkPublicationId } from './publication-id.js';
import { RoomHandle } from './room-handle.js';
import type { SettingsOfRooms } from './room-settings.js';

export interface BroadcastOptions {
  /** The id of the one connection that is left out, now and when history is read. */
  readonly except?: string;
  /** Names the publication (1 to 64 bytes), so that a retry within a minute, and before 500 others, is not a second one. Default: a random UUID. */
  readonly publicationId?: string;
  /** In rooms whose slow consumers `conflate`: a later publication of the same key (1 to 64 bytes) replaces this one for who is behind. */
  readonly conflateKey?: string;
}

export interface RoomPorts {
  readonly memberships: Memberships;
  readonly engine: RoomEngine;
  readonly authority: Authority;
  readonly settings: SettingsOfRooms;
  readonly history: History;
  readonly presence: Presence;
  readonly checkEvent: (roomName: string, event: string, data: unknown) => void;
}

/** The rooms of one name. All methods throw RoomgateError `invalid_room_id` for an id that is not a UUID. */
export class NamedRooms {
  constructor(
    readonly name: string,
    private readonly ports: RoomPorts,
  ) {}

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
    const encode = (): string => {
      refuseReserved(event);
      this.ports.checkEvent(this.name, event, data);
      return encodeMessage(event, data);
    };
    return mayFloat(this.#publish(id, encode, options));
  }

  /** Sends bytes to all members as a binary frame behind the event `binary`. @see NamedRooms.broadcast */
  broadcastBinary(id: string, bytes: Uint8Array, options?: BroadcastOptions): Promise<Position> {
    const copy = (): Buffer => {
      if (!(bytes instanceof Uint8Array))
        throw new RoomgateError('invalid_data', 'Bytes are a Uint8Array.');
      // The caller may fill its buffer anew while this one is on its way, and kept.
      return Buffer.from(bytes);
    };
    return mayFloat(this.#publish(id, copy, options));
  }

  /** The members on this node. */
  members(id: string): readonly RoomConnection[] {
    return [...(this.ports.memberships.get(this.#key(id))?.members.values() ?? [])];
  }

  /** @see RoomHandle.presence */
  async presence(id: string, limit: number = Infinity): Promise<PresencePage> {
    const key = this.#key(id);
    if (!this.ports.settings.ofKey(key).presence)
      throw new RoomgateError('not_kept', 'The rooms of this name have no presence.');
    return this.ports.presence.page(key, limit);
  }

  /** @see RoomHandle.history */
  async history(id: string, request: HistoryRequest = {}): Promise<PastPage> {
    return this.ports.history.page(this.#key(id), request, true);
  }

  /** @see RoomHandle.close */
  close(id: string): number {
    const members = this.members(id);
    this.ports.authority.close(members, this.#key(id));
    return members.length;
  }

  /** @see RoomHandle.disconnect */
  disconnect(id: string, { identity }: { readonly identity: string }): number {
    const own = this.members(id).filter(({ principal }) => principal.identity === identity);
    this.ports.authority.generations.raise(this.#key(id));
    for (const member of own) member.end(CLOSE_CODES.signedOut, { drop: true });
    return own.length;
  }

  /** @see RoomHandle.reauthorize */
  async reauthorize(id: string): Promise<Reauthorized> {
    return this.ports.authority.reauthorize(this.members(id), this.#key(id));
  }

  async #publish(
    id: string,
    encode: () => string | Buffer,
    { except, conflateKey, publicationId = randomUUID() }: BroadcastOptions = {},
  ): Promise<Position> {
    checkPublicationId(publicationId);
    if (conflateKey !== undefined) checkPublicationId(conflateKey, 'conflate key');
    const { engine, settings } = this.ports;
    const { history } = settings.of(this.name);
    return engine.publish(this.#key(id), encode(), { publicationId, except, conflateKey, history });
  }

  #key(id: string): RoomKey {
    return roomKey(this.name, toRoomId(id));
  }
}

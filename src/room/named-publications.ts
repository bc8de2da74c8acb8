import { hash } from 'node:crypto';
import { type RoomKey, roomKey, toRoomId } from '../admission/room-id.js';
import { encodeMessage, refuseReserved } from '../connection/message.js';
import { RoomgateError } from '../core/errors.js';
import { mayFloat } from '../core/maybe-promise.js';
import { isWellFormed } from '../core/option-rules.js';
import type { Position, PresencePage, RoomEngine } from './engine/engine.js';
import type { History, HistoryRequest, PastPage } from './history.js';
import type { KnownBodies } from './publication-frame.js';
import type { SettingsOfRooms } from './room-settings.js';

export interface BroadcastOptions {
  /** The id of the one connection that is left out, now and when history is read. */
  readonly except?: string;
  /** Names the publication (1 to 64 bytes), so that a retry within a minute, and before 500 others, is not a second one. Default: one that nobody knows. */
  readonly publicationId?: string;
  /** In rooms whose slow consumers `conflate`: a later publication of the same key (1 to 64 bytes) replaces this one for who is behind. */
  readonly conflateKey?: string;
}

export interface PublicationPorts {
  readonly engine: RoomEngine;
  readonly settings: SettingsOfRooms;
  readonly history: History;
  /** Learns what was published here. Absent in a process that has no members. */
  readonly bodies?: KnownBodies;
}

/**
 * What is said in the rooms of one name, and what engines know of them: nothing here needs a member, or a connection. All methods
 * reject with RoomgateError `invalid_room_id` for an id that is not a UUID.
 */
export abstract class NamedPublications<Ports extends PublicationPorts = PublicationPorts> {
  constructor(
    readonly name: string,
    protected readonly ports: Ports,
  ) {}

  /** @throws RoomgateError `invalid_room_id` */
  protected key(id: string): RoomKey {
    return roomKey(this.name, toRoomId(id));
  }

  /**
   * Speaks to all members of a room, on every node. Resolves when the engine has accepted it.
   * @throws RoomgateError `reserved_event`, `invalid_data`, `too_big` beyond `maxOutboxBytes`, or `engine_unavailable` when the outcome is unknown.
   */
  broadcast(
    id: string,
    event: string,
    data?: unknown,
    options?: BroadcastOptions,
  ): Promise<Position> {
    const encode = (): string => {
      refuseReserved(event);
      this.ports.settings.checkEvent(this.name, event, data);
      return encodeMessage(event, data);
    };
    return mayFloat(this.#publish(id, encode, options));
  }

  /** Sends bytes to all members as a binary frame behind the event `binary`. @see NamedPublications.broadcast */
  broadcastBinary(id: string, bytes: Uint8Array, options?: BroadcastOptions): Promise<Position> {
    const copy = (): Buffer => {
      if (!(bytes instanceof Uint8Array))
        throw new RoomgateError('invalid_data', 'Bytes are a Uint8Array.');
      // The caller may fill its buffer anew while this one is on its way, and kept.
      return Buffer.from(bytes);
    };
    return mayFloat(this.#publish(id, copy, options));
  }

  /** @see RoomHandle.presence */
  async presence(id: string, limit: number = Infinity): Promise<PresencePage> {
    const key = this.key(id);
    const { engine, settings } = this.ports;
    if (!settings.ofKey(key).presence)
      throw new RoomgateError('not_kept', 'The rooms of this name have no presence.');
    return engine.present(key, limit);
  }

  /** @see RoomHandle.history */
  async history(id: string, request: HistoryRequest = {}): Promise<PastPage> {
    return this.ports.history.page(this.key(id), request, true);
  }

  async #publish(
    id: string,
    encode: () => string | Buffer,
    { except, conflateKey, publicationId }: BroadcastOptions = {},
  ): Promise<Position> {
    if (publicationId !== undefined) checkPublicationId(publicationId);
    if (conflateKey !== undefined) checkPublicationId(conflateKey, 'conflate key');
    const { engine, settings, bodies } = this.ports;
    const { history } = settings.of(this.name);
    const body = encode();
    settings.checkSize(body);
    bodies?.add(body);
    return engine.publish(this.key(id), body, { publicationId, except, conflateKey, history });
  }
}

const MAX_BYTES = 64;

/** @throws RoomgateError `invalid_data` unless it is well-formed text of 1 to 64 bytes: as bytes all lone surrogates are the same. */
export function checkPublicationId(id: string, what = 'publication id'): string {
  // Handlers may pass on what a client gave them, whatever it is.
  const bytes = typeof id === 'string' ? Buffer.byteLength(id) : 0;
  if (bytes === 0 || bytes > MAX_BYTES)
    throw new RoomgateError('invalid_data', `A ${what} has 1 to 64 bytes.`);
  if (!isWellFormed(id))
    throw new RoomgateError(
      'invalid_data',
      `A ${what} has no lone surrogates: as UTF-8 all of them are the same.`,
    );
  return id;
}

/** The id as one subject's own: nobody can use up the ids of others. */
export function ownPublicationId(identity: string, id: string): string {
  return hash('sha256', `${identity} ${checkPublicationId(id)}`, 'base64url');
}

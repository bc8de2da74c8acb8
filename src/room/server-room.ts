import { hash } from 'node:crypto';
import { type RoomId, type RoomKey, roomKey } from '../admission/room-id.js';
import { encodeMessage, refuseReserved } from '../connection/message.js';
import { RoomgateError } from '../core/errors.js';
import { mayFloat } from '../core/maybe-promise.js';
import { isWellFormed } from '../core/option-rules.js';
import type { Reauthorized } from './authority.js';
import type { Position, PresencePage, RoomEngine } from './engine/engine.js';
import type { History, HistoryRequest, PastPage } from './history.js';
import type { Orders } from './orders.js';
import type { KnownBodies } from './delivery.js';
import type { SettingsOfRooms } from './room-settings.js';

export interface BroadcastOptions {
  /** The id of the one connection that is left out, in live delivery and in history. */
  readonly except?: string;
  /**
   * 1 to 64 bytes. A publication with the same id within a minute, and before 500 others, is the same publication, so a retry is
   * safe. Default: an id that nobody knows.
   */
  readonly publicationId?: string;
  /**
   * 1 to 64 bytes. In rooms with `slowConsumer: 'conflate'` a later publication with the same key replaces this one in the outbox
   * of a slow consumer.
   */
  readonly conflateKey?: string;
}

/** What rooms of one process share. */
export interface ServerRoomPorts {
  readonly engine: RoomEngine;
  readonly settings: SettingsOfRooms;
  readonly history: History;
  readonly orders: Orders;
  /** Learns what was published here. Absent in a process without members. */
  readonly bodies?: KnownBodies;
}

/**
 * A room with the server's authority: no principal is asked. The same on a node and in a worker. `RoomService.room` and
 * `RoomPublisher.room` return it.
 *
 * Invariant: every publication of a room goes through `#publish`, whoever publishes it.
 */
export class ServerRoom {
  /** @internal */
  readonly key: RoomKey;

  constructor(
    readonly name: string,
    readonly id: RoomId,
    private readonly ports: ServerRoomPorts,
  ) {
    this.key = roomKey(name, id);
  }

  /**
   * Publishes an event to all members, on every node. Resolves with its position when the engine has accepted it.
   * @throws RoomgateError `reserved_event`, `invalid_data`, `too_big` beyond `maxOutboxBytes`, or `engine_unavailable` when the
   * outcome is unknown.
   */
  broadcast(event: string, data?: unknown, options?: BroadcastOptions): Promise<Position> {
    const encode = (): string => {
      refuseReserved(event);
      this.ports.settings.checkEvent(this.name, event, data);
      return encodeMessage(event, data);
    };
    return mayFloat(this.#publish(encode, options));
  }

  /** Publishes bytes to all members, as a binary frame after the event `binary`. @see ServerRoom.broadcast */
  broadcastBinary(bytes: Uint8Array, options?: BroadcastOptions): Promise<Position> {
    const copy = (): Buffer => {
      if (!(bytes instanceof Uint8Array))
        throw new RoomgateError('invalid_data', 'Bytes are a Uint8Array.');
      // The caller may reuse its buffer while this publication is in flight, or in the history.
      return Buffer.from(bytes);
    };
    return mayFloat(this.#publish(copy, options));
  }

  /**
   * Who is present, on every node. Several connections of one subject are one member, with the `meta` that only the server sees.
   * `limit`: how many members are listed; default all.
   * @throws RoomgateError `not_kept` when presence is off, `engine_unavailable`.
   */
  async presence(limit: number = Infinity): Promise<PresencePage> {
    const { engine, settings } = this.ports;
    if (!settings.of(this.name).presence)
      throw new RoomgateError('not_kept', 'The rooms of this name have no presence.');
    return engine.present(this.key, limit);
  }

  /** A page of the room's history. @throws RoomgateError `not_kept`, `position_unknown`, `engine_unavailable`. */
  history(request: HistoryRequest = {}): Promise<PastPage> {
    return this.ports.history.page(this.key, request, true);
  }

  /**
   * Asks the policy again about every member, on every node, after their rights changed somewhere else. A member that is no longer
   * granted, or that the policy gives no answer about, leaves (`room.left`). It is closed with 4403 when this was its only room.
   * Resolves when the engine has accepted the order for the other nodes, with what became of the members on this node.
   * While the node's authority is stale (`authority_stale`) rights are only taken; ask again afterwards.
   * @throws RoomgateError `engine_unavailable` when it is unknown whether other nodes get the order; what was done here stays done.
   */
  reauthorize(): Promise<Reauthorized> {
    return this.ports.orders.reauthorize({ key: this.key });
  }

  /**
   * Every connection leaves the room, on every node, and is closed with 4404 when this was its only room. On this node that is done
   * in the tick of the call. Resolves when the engine has accepted the order for the other nodes, with the number of connections
   * that left on this node: 0 in a worker.
   * @throws RoomgateError `engine_unavailable` when it is unknown whether other nodes get the order; what was done here stays done.
   */
  close(): Promise<number> {
    return this.ports.orders.close(this.key);
  }

  /** Closes the principal's connections in this room with 4440, on every node. Resolves as `close` does. @see ServerRoom.close */
  disconnect({ identity }: { readonly identity: string }): Promise<number> {
    return this.ports.orders.disconnect({ key: this.key, identity });
  }

  async #publish(
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
    return engine.publish(this.key, body, { publicationId, except, conflateKey, history });
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

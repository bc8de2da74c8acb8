import type { Principal, Register } from '../admission/principal.js';
import type { RoomId } from '../admission/room-id.js';

/**
 * What an application keeps with each connection. To type it, declare
 * `declare module 'nestjs-roomgate' { interface Register { connectionData: { cursor: number } } }`.
 * Each property is optional, because a new connection has none.
 */
export type ConnectionData = Register extends { connectionData: infer D }
  ? Partial<D>
  : Record<string, unknown>;

/**
 * One admitted WebSocket with its principal. Guards, handlers and hooks of a room gateway get it as their client.
 *
 * @example
 * handleConnection(connection: RoomConnection): void {
 *   connection.send('welcome', { name: connection.principal.subject });
 * }
 */
export abstract class RoomConnection {
  /** A random UUID that the server has chosen. Safe to log. */
  abstract readonly id: string;
  /** The address of the peer. Undefined when the socket has none. */
  abstract readonly ip: string | undefined;
  /** The request headers that the option `carriedHeaders` lists. Never a credential. */
  abstract readonly headers: Readonly<Record<string, string>>;
  /** The room in the URL of the connection. */
  abstract readonly roomId: RoomId;
  /** The name that all rooms of this connection have. */
  abstract readonly roomName: string;
  /** Who this connection acts as. Read it anew for each message, because a refresh replaces it. */
  abstract readonly principal: Principal;
  /** The same as `principal`, under the name that guards made for HTTP look for. */
  abstract readonly user: Principal;
  /** What the application keeps with this connection. Empty at first, never sent, and gone with the connection. */
  abstract readonly data: ConnectionData;
  /** Whether messages of the client are accepted. */
  abstract readonly isOpen: boolean;

  /** Whether its authority holds at `now` (milliseconds since the epoch; default: now). Checked before each handler. */
  abstract isLive(now?: number): boolean;

  /**
   * Sends an event to this connection alone. Returns false when the connection is closing, or when the event does not
   * fit into `maxOutboxBytes` together with what the client has not read yet.
   * @throws RoomgateError `reserved_event` for an event that only roomgate may send.
   * @throws RoomgateError `invalid_data` when the data has no JSON form.
   * @throws RoomgateError `too_big` when the event alone is larger than `maxOutboxBytes`.
   */
  abstract send(event: string, data?: unknown): boolean;

  /**
   * Sends bytes to this connection alone, as one binary frame (RFC 6455 §5.6). Returns false as `send` does.
   * @throws RoomgateError `too_big`
   */
  abstract sendBinary(bytes: Uint8Array): boolean;

  /** Sends an event, as `send` does. Nest's own exception filters call it. */
  abstract emit(event: string, data?: unknown): boolean;

  /**
   * Closes the connection after everything sent so far. `code` is 1000 (the default) or a code of the application (4000
   * to 4999). After 1000 the accepted messages are still handled; after another code they are dropped.
   * @throws RangeError for any other code.
   */
  abstract close(code?: number, reason?: string): void;
}

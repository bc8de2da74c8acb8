import type { WebSocket } from 'ws';
import { CLOSE_CODES } from './close-codes.js';
import type { RoomConnection } from './connection.js';
import { LateSocket } from './late-socket.js';

/**
 * The `ws` socket of a connection. The field is declared so that all sockets share one shape, and the listeners are shared
 * functions that find their connection in it: nothing is allocated per connection for them.
 */
export class RoomSocket extends LateSocket {
  connection: RoomConnection | undefined = undefined;

  /** Ties the socket to its connection; nothing is read before. */
  bind(connection: RoomConnection): void {
    this.connection = connection;
    // It may have been woken before, or ws may begin in another way one day.
    if (!this.isAsleep) this.onAwake();
  }

  protected override onAwake(): void {
    this.connection?.awake();
    if (this.listeners('message').includes(onMessage)) return;
    this.on('message', onMessage);
    this.on('close', onClose);
    // ws closes the connection itself after an error; a listener keeps the process alive.
    this.on('error', onError);
  }
}

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  (this as RoomSocket).connection?.receive(data as Buffer, isBinary);
}

function onClose(this: WebSocket, code: number): void {
  (this as RoomSocket).connection?.onClosed(code);
}

const PROTOCOL_ERROR = 1002;

/** Only remembered: the code that comes with the close is the other side's, which may say anything. */
function onError(this: WebSocket, error: { readonly code?: string }): void {
  const { connection } = this as RoomSocket;
  const isTooBig = error.code?.startsWith('WS_ERR_UNSUPPORTED_') ?? false;
  if (connection) connection.ended ??= isTooBig ? CLOSE_CODES.tooBig : PROTOCOL_ERROR;
}

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { CLOSE_CODES, type CloseRow } from './close-codes.js';
import type { RoomConnection } from './connection.js';
import { LateSocket } from './late-socket.js';

/** Where a socket keeps its connection, so that all share one listener. */
const OWNER: unique symbol = Symbol('room connection');

type Owned = Duplex & { [OWNER]?: RoomConnection };

/**
 * The `ws` socket of a connection. The field is declared so that all sockets share one shape, and the listeners are shared
 * functions that find their connection in it: nothing is allocated per connection for them.
 */
export class RoomSocket extends LateSocket {
  connection: RoomConnection | undefined = undefined;

  /** Ties the socket to its connection; nothing is read before. */
  bind(connection: RoomConnection): void {
    const socket: Owned = connection.socket;
    this.connection = connection;
    socket[OWNER] = connection;
    socket.on('end', onEnd);
    // It may have been woken before, or ws may begin in another way one day.
    if (!this.isAsleep) this.onAwake();
  }

  protected override onClosing(): void {
    this.connection?.onPeerClosing();
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

/** The peer has ended its side of the connection; `ws` tells of it only when ours has ended too. */
function onEnd(this: Owned): void {
  this[OWNER]?.onPeerClosing();
}

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  (this as RoomSocket).connection?.receive(data as Buffer, isBinary);
}

function onClose(this: WebSocket, code: number): void {
  (this as RoomSocket).connection?.onClosed(code);
}

/** By the codes of the errors of `ws`, which has sent the close frame. Any other is a protocol error. */
const FAULTS: Readonly<Record<string, CloseRow | number>> = {
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: CLOSE_CODES.tooBig,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: CLOSE_CODES.tooBig,
  WS_ERR_INVALID_UTF8: CLOSE_CODES.invalidText,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: CLOSE_CODES.messageTimeout.code,
};

/** The code that comes with the close is the other side's, which may say anything. */
function onError(this: WebSocket, { code = '' }: { readonly code?: string }): void {
  (this as RoomSocket).connection?.onFault(FAULTS[code] ?? CLOSE_CODES.protocolError);
}

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import * as ws from 'ws';
import { WebSocket } from 'ws';
import type { ServerConnection } from './connection.js';
import { CLOSE_CODES, type CloseRow } from './system-messages.js';

/** The private method that is put off, as of ws 8.23. What it is given is not looked into. */
type SetSocket = (this: WebSocket, socket: Socket, head: Buffer, options: object) => void;

const { setSocket } = WebSocket.prototype as unknown as { readonly setSocket: SetSocket };

const { Receiver = Object } = ws as { readonly Receiver?: new () => object };

/**
 * Where `ws` keeps the WebSocket of a socket, as it does in a receiver, so that nobody upgrades the socket a second time. By
 * it the listeners, which are shared functions, find theirs.
 */
const LATE: unique symbol = (Object.getOwnPropertySymbols(new Receiver()).find(
  ({ description }) => description === 'websocket',
) ?? Symbol('late socket')) as never;

interface Asleep {
  readonly socket: Socket & { [LATE]?: LateSocket };
  readonly options: object;
}

const NOTHING = Buffer.alloc(0);
const NO_CLOSE_FRAME = 1006;

/**
 * A WebSocket to which `ws` gives its receiver, sender and listeners when there is something for them to do: most connections of a
 * busy server only listen, and frames for them are written to the socket itself. Until then only pongs without a payload
 * (RFC 6455 §5.5.3) may arrive, which mean nothing beyond that they came, or the peer may go; whatever else happens is for `ws`.
 *
 * If `ws` renames the method that is put off here, nothing is put off. The socket needs an `error` listener of the caller's.
 */
export class LateSocket extends WebSocket {
  /** Pongs that came while it slept; begins anew at 2^30. */
  pongs = 0;
  #asleep: Asleep | undefined;

  /** Whether `ws` has not begun. */
  get isAsleep(): boolean {
    return this.#asleep !== undefined;
  }

  /** Whether frames may be written to its socket. */
  get isOpen(): boolean {
    return this.#asleep?.socket.writable ?? this.readyState === this.OPEN;
  }

  /** Called by `ws` behind the 101; `head` are bytes that came with the request. */
  setSocket(socket: Socket, head: Buffer, options: object): void {
    this.#asleep = { socket, options };
    if (head.length > 0) return this.#wake(head);
    (socket as Asleep['socket'])[LATE] = this;
    // As ws does; a stream that is no socket has neither.
    socket.setTimeout?.(0);
    socket.setNoDelay?.();
    socket.on('data', onData).on('end', onLateEnd).on('close', onLateClose);
  }

  override close(code?: number, reason?: string | Buffer): void {
    if (this.#hasGone()) return;
    this.#wake();
    super.close(code, reason);
    this.onClosing();
  }

  override terminate(): void {
    if (this.#asleep) this.#asleep.socket.destroy();
    else super.terminate();
  }

  override pause(): void {
    if (this.#hasGone()) return;
    this.#wake();
    super.pause();
  }

  /** A close frame is on its way: ours, or the answer to the peer's. */
  protected onClosing(): void {}

  /** `ws` has begun, or there is nothing left for it to do; before anything is told. */
  protected onAwake(): void {}

  /** @internal What `ws` says of a peer that went without a close frame (RFC 6455 §7.1.5). */
  gone(socket: Socket): void {
    letBe(socket);
    this.onAwake();
    this.emit('close', NO_CLOSE_FRAME, NOTHING);
  }

  /** @internal Lets `ws` begin, and tells it what it would have been told. */
  wakeFor(socket: Socket, event: 'data' | 'end' | 'close', ...what: unknown[]): void {
    this.#wake();
    // Added by ws too late for the event that is under way: a moment ago, or when a listener before ours closed it.
    socket.listeners(event).at(-1)?.apply(socket, what);
  }

  /** To one that has gone nothing can be said. */
  #hasGone(): boolean {
    return this.#asleep !== undefined && !this.isOpen;
  }

  #wake(head: Buffer = NOTHING): void {
    const asleep = this.#asleep;
    if (!asleep) return;
    const { socket, options } = asleep;
    this.#asleep = undefined;
    letBe(socket);
    setSocket.call(this, socket, head, options);
    this.onAwake();
  }
}

function letBe(socket: Socket): void {
  socket.off('data', onData).off('end', onLateEnd).off('close', onLateClose);
}

/** Small integers need no object. */
const MANY = 2 ** 30;
const PONG = 0x8a;
const MASKED_NOTHING = 0x80;
const EMPTY_PONG_BYTES = 6;

function onData(this: Asleep['socket'], bytes: Buffer): void {
  const isPong =
    bytes.length === EMPTY_PONG_BYTES && bytes[0] === PONG && bytes[1] === MASKED_NOTHING;
  const late = this[LATE];
  if (isPong && late?.isAsleep) late.pongs = (late.pongs + 1) % MANY;
  else late?.wakeFor(this, 'data', bytes);
}

// A listener before ours may have woken it in this very event; and behind a peer that has ended, the sockets of Node's HTTP server
// stay open.

function onLateEnd(this: Asleep['socket']): void {
  if (this[LATE]?.isAsleep) this.end();
  else this[LATE]?.wakeFor(this, 'end');
}

function onLateClose(this: Asleep['socket'], hadError: boolean): void {
  if (this[LATE]?.isAsleep) this[LATE].gone(this);
  else this[LATE]?.wakeFor(this, 'close', hadError);
}

/** Where a socket keeps its connection, so that all share one listener. */
const OWNER: unique symbol = Symbol('room connection');

type Owned = Duplex & { [OWNER]?: ServerConnection };

/**
 * The `ws` socket of a connection. The field is declared so that all sockets share one shape, and the listeners are shared
 * functions that find their connection in it: nothing is allocated per connection for them.
 */
export class RoomSocket extends LateSocket {
  connection: ServerConnection | undefined = undefined;

  /** Ties the socket to its connection; nothing is read before. */
  bind(connection: ServerConnection): void {
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

/** The private parts of the receiver of `ws` that are looked at, as of 8.23. */
interface Receiver {
  /** 0 between two frames. */
  readonly _state?: number;
  /** Bytes that are not a whole header, or a whole payload, yet. */
  readonly _bufferedBytes?: number;
  /** The opcode of a message whose last fragment is to come; 0 between two messages. */
  readonly _fragmented?: number;
  /** A new array for each message. */
  readonly _fragments?: object;
}

// This file, and nothing else in src, know private parts of ws. A field that ws renames is undefined: then
// no message is ever unfinished, and may take as long as its sender answers pings. Nobody is closed by mistake.
// `test/connection/ws-socket.ws-receiver.spec.ts` drives a real receiver through every state and fails then.
function receiverOf(ws: WebSocket): Receiver | null | undefined {
  return (ws as unknown as { readonly _receiver?: Receiver | null })._receiver;
}

/**
 * The message that has begun to arrive and is not complete: the same object as long as it is the same message. `ws` has no
 * event for it.
 */
export function unfinishedMessage(ws: WebSocket): object | undefined {
  const receiver = receiverOf(ws);
  if (!receiver) return undefined;
  const { _state = 0, _bufferedBytes = 0, _fragmented = 0 } = receiver;
  return _state > 0 || _bufferedBytes > 0 || _fragmented > 0 ? receiver._fragments : undefined;
}

import type { Socket } from 'node:net';
import * as ws from 'ws';

const { WebSocket } = ws;

/** The private method that is put off, as of ws 8.23. What it is given is not looked into. */
type SetSocket = (this: ws.WebSocket, socket: Socket, head: Buffer, options: object) => void;

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
    socket.on('data', onData).on('end', onEnd).on('close', onClose);
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
  socket.off('data', onData).off('end', onEnd).off('close', onClose);
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

function onEnd(this: Asleep['socket']): void {
  if (this[LATE]?.isAsleep) this.end();
  else this[LATE]?.wakeFor(this, 'end');
}

function onClose(this: Asleep['socket'], hadError: boolean): void {
  if (this[LATE]?.isAsleep) this[LATE].gone(this);
  else this[LATE]?.wakeFor(this, 'close', hadError);
}

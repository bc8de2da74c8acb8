import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

/** The private method that is put off, as of ws 8.23. What it is given is not looked into. */
type SetSocket = (this: WebSocket, socket: Socket, head: Buffer, options: object) => void;

const { setSocket } = WebSocket.prototype as unknown as { readonly setSocket: SetSocket };

/** Finds its WebSocket in a socket, so that the listeners are shared functions. */
const LATE = Symbol('late socket');

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
    // To one that has gone nothing can be said.
    if (this.#asleep && !this.isOpen) return;
    this.#wake();
    super.close(code, reason);
  }

  override terminate(): void {
    if (this.#asleep) this.#asleep.socket.destroy();
    else super.terminate();
  }

  override pause(): void {
    if (this.#asleep && !this.isOpen) return;
    this.#wake();
    super.pause();
  }

  /** `ws` has begun, or never will; before anything is told. */
  protected onAwake(): void {}

  /** @internal Lets `ws` begin with what it would have been told. */
  wakeFor(bytes: Buffer): void {
    const socket = this.#asleep?.socket;
    this.#wake();
    // Added by ws a moment ago, too late for the event that is under way.
    socket?.listeners('data').at(-1)?.call(socket, bytes);
  }

  /** @internal As `ws` says it of a peer that has gone without a close frame. */
  gone(): void {
    this.onAwake();
    this.emit('close', NO_CLOSE_FRAME, NOTHING);
  }

  #wake(head: Buffer = NOTHING): void {
    const asleep = this.#asleep;
    if (!asleep) return;
    const { socket, options } = asleep;
    this.#asleep = undefined;
    socket[LATE] = undefined;
    socket.off('data', onData).off('end', onEnd).off('close', onClose);
    setSocket.call(this, socket, head, options);
    this.onAwake();
  }
}

const PONG = 0x8a;
const MASKED_NOTHING = 0x80;
const EMPTY_PONG_BYTES = 6;

function onData(this: Asleep['socket'], bytes: Buffer): void {
  const isPong =
    bytes.length === EMPTY_PONG_BYTES && bytes[0] === PONG && bytes[1] === MASKED_NOTHING;
  if (!isPong) this[LATE]?.wakeFor(bytes);
}

/** The other side of a socket of Node's HTTP server may stay open behind it. */
function onEnd(this: Asleep['socket']): void {
  this.end();
}

function onClose(this: Asleep['socket']): void {
  this[LATE]?.gone();
}

import type { Duplex } from 'node:stream';
import type { RoomKey } from '../admission/room-id.js';
import type { Principal } from '../admission/principal.js';
import { checkCloseCode, CLOSE_CODES, type CloseRow, cutReason } from './close-codes.js';
import type { ConnectGate } from './connect-gate.js';
import type { ConnectionInit, ConnectionPorts, EndOptions } from './connection-ports.js';
import { encodeBinaryFrame } from './frame.js';
import type { MessageHandler } from './handler-table.js';
import { encodeGoodbye } from './greetings.js';
import type { HeartbeatOwner } from './heartbeat.js';
import { Inbox } from './inbox.js';
import { Lifetime, type LifetimeOwner } from './lifetime.js';
import { encodeMessage, type Message, refuseReserved, withoutCause } from './message.js';
import { Outbox, type OutboxOwner } from './outbox.js';
import type { RoomSocket } from './room-socket.js';
import { SocketEnd } from './socket-end.js';

/** One admitted WebSocket with its principal: what guards, handlers and hooks of a room gateway get as their client. */
export class RoomConnection
  extends SocketEnd
  implements HeartbeatOwner, LifetimeOwner, OutboxOwner
{
  /** @internal */
  handlers: readonly MessageHandler[] | undefined;
  /** @internal Holds the inbox shut while `handleConnection` hooks run. */
  gate: ConnectGate | undefined;
  /** @internal Why it was closed on our side: our row, else the code of the application or of `ws`. */
  ended: CloseRow | number | undefined;
  #principal: Principal;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #inbox: Inbox | undefined;
  #outbox: Outbox | undefined;
  readonly #lifetime: Lifetime;
  #onDisconnect: ((code: number) => void)[] | undefined;

  /** @internal */
  constructor(
    init: ConnectionInit,
    ws: RoomSocket,
    socket: Duplex,
    private readonly ports: ConnectionPorts,
  ) {
    super(init, ws, socket);
    this.#principal = init.principal;
    this.#lifetime = new Lifetime(this, ports.lifetime);
  }

  /** Who this connection acts as. Read it anew for each message: a refresh replaces it. */
  get principal(): Principal {
    return this.#principal;
  }

  /** The same, under the name that guards made for HTTP look for. */
  get user(): Principal {
    return this.#principal;
  }

  /** @internal Acts as the principal from now on; the same subject with other rights. */
  renew(principal: Principal): void {
    this.#principal = principal;
    this.generation += 1;
    this.decisions += 1;
    this.#lifetime.renew();
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** @internal Its socket is gone. */
  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Whether its authority holds at the time, in milliseconds since the epoch. Asked before handlers and before bytes are handed to the socket. */
  isLive(now: number = this.ports.clock.now()): boolean {
    return this.#state === 'open' && now < this.#principal.expiresAt && !this.ports.isMuted();
  }

  /** @internal Of one that is not live. */
  whyMuted(now: number = this.ports.clock.now()): 'token_expired' | 'authority_stale' {
    const isOver = this.#state !== 'open' || now >= this.#principal.expiresAt;
    return isOver ? 'token_expired' : 'authority_stale';
  }

  /**
   * Sends an event to this connection alone. False when it is closing.
   * @throws RoomgateError `reserved_event` for an event only roomgate may send, `invalid_data` when the data has no JSON form.
   */
  send(event: string, data?: unknown): boolean {
    refuseReserved(event);
    this.ports.checkEvent(this.roomName, event, data);
    return this.sendText(encodeMessage(event, data), false);
  }

  /** Sends bytes to this connection alone, as one binary frame (RFC 6455 §5.6). False when it is closing. */
  sendBinary(bytes: Uint8Array): boolean {
    if (this.#state === 'open') this.outbox.addBytes(encodeBinaryFrame(bytes));
    return this.#state === 'open';
  }

  /** What Nest's own exception filters call. */
  emit(event: string, data?: unknown): boolean {
    if (event !== 'exception') return this.send(event, data);
    return this.sendText(encodeMessage(event, withoutCause(data)), false);
  }

  /** Closes with a code of the application (default 1000, or 4000 to 4999) after everything sent so far. */
  close(code: number = CLOSE_CODES.normal.code, reason = ''): void {
    checkCloseCode(code);
    this.#close(code, reason);
  }

  /** @internal Closes with a `goodbye` first. `drop` forgets what waits to be read: a kick leaves nothing of ours behind. */
  end(row: CloseRow, { drop = false, retryAfterMs }: EndOptions = {}): void {
    if (this.#state !== 'open') return;
    this.ended = row;
    if (drop) this.#outbox?.drop();
    this.sendText(encodeGoodbye(row, retryAfterMs), true);
    this.#close(row.code, row.reason);
  }

  /** @internal */
  sendText(text: string, isControl: boolean, about?: RoomKey): boolean {
    if (this.#state !== 'open') return false;
    this.outbox.addText(text, isControl, about);
    return true;
  }

  /** @internal Called once each when the socket has closed. */
  get onDisconnect(): ((code: number) => void)[] {
    return (this.#onDisconnect ??= []);
  }

  /** @internal */
  get outbox(): Outbox {
    return (this.#outbox ??= new Outbox(this, this.ports));
  }

  /** @internal */
  get inbox(): Inbox {
    if (this.#inbox) return this.#inbox;
    const handle = (message: Message): Promise<void> | undefined =>
      this.ports.handle(this, message);
    const setPaused = (isPaused: boolean): void => (isPaused ? this.ws.pause() : this.ws.resume());
    this.#inbox = new Inbox({ handle, setPaused }, this.ports.maxInboxMessages);
    if (!this.gate) this.#inbox.open();
    return this.#inbox;
  }

  /** @internal A frame after the close frame of ws would be a protocol error. */
  isWritable(): boolean {
    return this.#state === 'open' && this.ws.isOpen;
  }

  /** @internal Later than the turn that found it full: leaving rooms may publish, and a turn takes nothing while it hands over. */
  onOutboxFull(): void {
    queueMicrotask(() => this.end(CLOSE_CODES.slowConsumer, { drop: true }));
  }

  /** @internal The client has said something. */
  awake(): void {
    this.ports.talks(this);
  }

  /** @internal */
  receive(bytes: Buffer, isBinary: boolean): void {
    if (this.#state === 'open') this.ports.receive(this, bytes, isBinary);
  }

  /** @internal */
  hookFailed(hook: string, error: unknown): void {
    this.ports.report(hook, error);
    this.end(CLOSE_CODES.internal);
  }

  /** @internal */
  onClosed(code: number): void {
    if (this.#state === 'closed') return;
    this.#stop('closed');
    this.ports.closed(this, code);
    for (const listener of this.#onDisconnect?.splice(0) ?? []) listener(code);
  }

  #close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.ended ??= code;
    this.#outbox?.finish(this.ports.clock.now());
    this.#stop('closing');
    this.ws.close(code, cutReason(reason));
    // Its client may take its time to answer, or never do.
    this.ports.leave(this);
  }

  #stop(state: 'closing' | 'closed'): void {
    this.#state = state;
    this.#inbox?.clear();
    this.#lifetime.stop();
  }
}

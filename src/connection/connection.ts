import type { Duplex } from 'node:stream';
import type { Principal } from '../admission/principal.js';
import type { RoomId } from '../admission/room-id.js';
import { CLOSE_CODES, type CloseRow, cutReason } from './close-codes.js';
import type { ConnectGate } from './connect-gate.js';
import type { ConnectionInit, ConnectionPorts, Membership } from './connection-ports.js';
import { encodeTextFrame } from './frame.js';
import type { HandlerTable, MessageHandler } from './handler-table.js';
import { encodeGoodbye } from './greetings.js';
import { Inbox, type InboxOwner } from './inbox.js';
import { encodeMessage, type Message, refuseReserved } from './message.js';
import { Outbox, type OutboxOwner } from './outbox.js';
import type { RoomSocket } from './room-socket.js';
import type { Deadline } from './timing-wheel.js';

/** One admitted WebSocket with its principal: what guards, handlers and hooks of a room gateway get as their client. */
export class RoomConnection implements InboxOwner, OutboxOwner {
  /** A random UUID, ours; safe to log. */
  readonly id: string;
  /** The address of the peer; undefined when the socket has none. */
  readonly ip: string | undefined;
  /** Those request headers that `carriedHeaders` lists; never a credential. */
  readonly headers: Readonly<Record<string, string>>;
  /** The name that all rooms of this connection have. */
  readonly roomName: string;
  /** The room of its URL. */
  readonly roomId: RoomId;
  /** @internal */
  readonly table: HandlerTable;
  /** @internal */
  handlers: readonly MessageHandler[] = [];
  /** @internal */
  memberships: Membership[] = [];
  /** @internal Holds the inbox shut while `handleConnection` hooks run. */
  gate: ConnectGate | undefined;
  /** @internal */
  strikes: { count: number; lastAt: number } | undefined;
  #principal: Principal;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #inbox: Inbox | undefined;
  #outbox: Outbox | undefined;
  #expiry: Deadline;
  #onDisconnect: ((code: number) => void)[] | undefined;

  /** @internal */
  constructor(
    init: ConnectionInit,
    private readonly ws: RoomSocket,
    /** @internal */
    readonly socket: Duplex,
    private readonly ports: ConnectionPorts,
  ) {
    this.id = init.id;
    this.ip = init.ip;
    this.headers = init.headers;
    this.roomName = init.roomName;
    this.roomId = init.roomId;
    this.table = init.table;
    this.#principal = init.principal;
    this.#expiry = ports.wheel.add(init.principal.expiresAt, () =>
      this.end(CLOSE_CODES.tokenExpired, { drop: true }),
    );
  }

  /** Who this connection acts as. Read it anew for each message: a refresh replaces it. */
  get principal(): Principal {
    return this.#principal;
  }

  /** The principal, under the name that guards made for HTTP look for. */
  get user(): Principal {
    return this.#principal;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Whether its authority holds at the time, in milliseconds since the epoch. Asked before handlers and before bytes are handed to the socket. */
  isLive(now: number = this.ports.clock.now()): boolean {
    return this.#state === 'open' && now < this.#principal.expiresAt;
  }

  /**
   * Sends an event to this connection alone. False when it is closing.
   * @throws RoomgateError `reserved_event` for an event only roomgate may send, `invalid_data` when the data has no JSON form.
   */
  send(event: string, data?: unknown): boolean {
    refuseReserved(event);
    return this.sendText(encodeMessage(event, data), false);
  }

  /** What Nest's own exception filters call. Their `cause` repeats what the client sent and is left out. */
  emit(event: string, data?: unknown): boolean {
    if (event !== 'exception') return this.send(event, data);
    const { cause: _cause, ...rest } = Object(data) as Record<string, unknown>;
    return this.sendText(encodeMessage(event, rest), false);
  }

  /** Closes with a code of the application (default 1000, or 4000 to 4999) after everything sent so far. */
  close(code: number = CLOSE_CODES.normal.code, reason = ''): void {
    if (code !== 1000 && !(Number.isInteger(code) && code >= 4000 && code <= 4999)) {
      throw new RangeError(`Expected the close code to be 1000 or from 4000 to 4999, got ${code}.`);
    }
    this.#close(code, reason);
  }

  /** @internal Closes with a `goodbye` first. `drop` forgets what waits to be read: a kick leaves nothing of ours behind. */
  end(
    row: CloseRow,
    { drop = false, retryAfterMs }: { drop?: boolean; retryAfterMs?: number } = {},
  ): void {
    if (this.#state !== 'open') return;
    if (drop) this.#outbox?.drop();
    this.sendText(encodeGoodbye(row, retryAfterMs), true);
    this.#close(row.code, row.reason);
  }

  /** @internal Destroys the socket without a word. */
  terminate(): void {
    this.ws.terminate();
  }

  /** @internal */
  sendText(text: string, isControl: boolean): boolean {
    if (this.#state !== 'open') return false;
    this.outbox.addText(text, isControl);
    return true;
  }

  /** @internal Sends at once, for the frame that leaves together with the 101. */
  sendNow(text: string): void {
    this.socket.write(encodeTextFrame(text));
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
    this.#inbox = new Inbox(this, this.ports.maxInboxMessages);
    if (!this.gate) this.#inbox.open();
    return this.#inbox;
  }

  /** @internal A frame after the close frame of ws would be a protocol error. */
  isWritable(): boolean {
    return this.#state === 'open' && this.ws.readyState === this.ws.OPEN;
  }

  /** @internal Later than the turn that found it full: leaving rooms may publish, and a turn takes nothing while it hands over. */
  onOutboxFull(): void {
    queueMicrotask(() => this.end(CLOSE_CODES.slowConsumer, { drop: true }));
  }

  /** @internal */
  handle(message: Message): Promise<void> | undefined {
    return this.ports.handle(this, message);
  }

  /** @internal */
  setPaused(isPaused: boolean): void {
    if (isPaused) this.ws.pause();
    else this.ws.resume();
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
    this.ports.closed(this);
    for (const listener of this.#onDisconnect?.splice(0) ?? []) listener(code);
  }

  #close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#outbox?.finish(this.ports.clock.now());
    this.#stop('closing');
    this.ws.close(code, cutReason(reason));
  }

  #stop(state: 'closing' | 'closed'): void {
    this.#state = state;
    this.#inbox?.clear();
    this.ports.wheel.cancel(this.#expiry);
  }
}

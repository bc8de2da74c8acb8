import type { Duplex } from 'node:stream';
import type { GatewayRules } from '../admission/admission.js';
import type { Principal } from '../admission/principal.js';
import type { RoomId } from '../admission/room-id.js';
import { RoomgateError } from '../core/errors.js';
import type { BacklogOwner } from './backlog.js';
import { type ConnectionData, RoomConnection } from './connection.contract.js';
import { encodeBinaryFrame } from './frame.js';
import type { HandlerTable, MessageHandler } from './handlers.js';
import { type HeartbeatOwner, NOWHERE } from './heartbeat.js';
import { Inbox } from './inbox.js';
import { Lifetime } from './lifetime.js';
import { encodeMessage, type Message, refuseReserved, withoutCause } from './message.js';
import { Outbox } from './outbox.js';
import type {
  ConnectionInit,
  ConnectionPorts,
  ConnectionState,
  EndOptions,
  Membership,
  PendingRequest,
  RequestEnd,
} from './ports.js';
import {
  checkCloseCode,
  CLOSE_CODES,
  type CloseRow,
  cutReason,
  encodeGoodbye,
} from './system-messages.js';
import type { Deadline } from './timing-wheel.js';
import { type RoomSocket, unfinishedMessage } from './ws-socket.js';

/** No payload, so all connections share one frame and nothing is encoded (RFC 6455 §5.5.2). */
const PING = Buffer.from([0x89, 0]);
const LOW_31_BITS = 0x7fff_ffff;

/**
 * What becomes of the messages of a connection:
 * - `open`: they are accepted and handled.
 * - `finishing`: no more are accepted. Those that were are handled, as long as their authority holds and `handlerTimeoutMs` has not
 *   passed. The connection still counts: in the registry, in the limits and in its rooms. Its presence is gone.
 * - `over`: none is handled any more, and it has left its rooms.
 */
type Stage = 'open' | 'finishing' | 'over';

/** Closes by which a right ends, so that handlers are told so. */
const ENDS_A_RIGHT: ReadonlySet<CloseRow> = new Set([
  CLOSE_CODES.tokenExpired,
  CLOSE_CODES.roomForbidden,
  CLOSE_CODES.roomClosed,
  CLOSE_CODES.signedOut,
]);

/** What only a connection has that is on its way out. */
interface Ending {
  /** The code that the other side closed with, known when the socket is gone. */
  closedWith?: number;
  /** When the messages that were accepted are given up. */
  finishBy?: Deadline;
  /** When the socket is destroyed whose client does not answer the close. */
  closeBy?: Deadline;
  /** Said when the last accepted message was answered. */
  goodbye?: { readonly row: CloseRow; readonly retryAfterMs: number | undefined };
  /** Whether its end was told. */
  isTold?: boolean;
}

/**
 * A connection as the server sees it; applications see the contract that it extends. Its whole life is in here, from the 101 to
 * the moment when the last message was handled and the socket is gone.
 */
export class ServerConnection extends RoomConnection implements HeartbeatOwner, BacklogOwner {
  readonly id: string;
  readonly ip: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly roomId: RoomId;
  /** What its gateway asks of those who come in. */
  readonly rules: GatewayRules;
  readonly table: HandlerTable;
  /** The rooms that it is in; another list after each change. */
  memberships: readonly Membership[] = [];
  /** Grows with every change of its rights; an answer asked for before is stale. */
  generation = 0;
  /** Grows when all its rights are decided anew; a room that it joins or leaves by itself changes nothing about the others. */
  decisions = 0;
  handlers: readonly MessageHandler[] | undefined;
  /** Why it was closed on our side: our row, else the code of the application or of `ws`. */
  ended: CloseRow | number | undefined;
  /** @see Paced.paidAt */
  paidAt = 0;
  /** Unordered messages that are being handled beside others. */
  beside = 0;
  /** Observables that handlers returned and that have not ended. */
  streams = 0;
  /** Its place in the heartbeat. */
  place = NOWHERE;
  deadline = 0;
  heard = -1;
  #state: ConnectionState | undefined;
  #principal: Principal;
  #data: ConnectionData | undefined;
  #stage: Stage = 'open';
  /** Whether a close frame was sent or has come, or the peer has ended its side: no more frames are added. */
  #isClosing = false;
  #ending: Ending | undefined;
  /** `handleConnection` hooks that have not settled: until then no message is handled. */
  #connecting: { pending: number; running: number; readonly dueBy: Deadline } | undefined;
  #inbox: Inbox | undefined;
  #outbox: Outbox | undefined;
  /** Requests that have to hear when their right ends, their time is over or their client goes. */
  #watching: Set<PendingRequest> | undefined;
  readonly #lifetime: Lifetime;
  #onDisconnect: ((code: number) => void)[] | undefined;

  constructor(
    init: ConnectionInit,
    private readonly ws: RoomSocket,
    readonly socket: Duplex,
    private readonly ports: ConnectionPorts,
  ) {
    super();
    this.id = init.id;
    this.ip = init.ip;
    this.headers = init.headers;
    this.roomId = init.roomId;
    this.rules = init.rules;
    this.table = init.table;
    this.#principal = init.principal;
    this.#lifetime = new Lifetime(this, ports);
  }

  // Who it is and what it may.

  get principal(): Principal {
    return this.#principal;
  }

  get user(): Principal {
    return this.#principal;
  }

  get data(): ConnectionData {
    return (this.#data ??= {});
  }

  get roomName(): string {
    return this.rules.roomName;
  }

  get isOpen(): boolean {
    return this.#stage === 'open';
  }

  /** Whether accepted messages may still be handled: it is open or finishing. */
  get isActive(): boolean {
    return this.#stage !== 'over';
  }

  /** Nothing is left of it: the last message was handled and its socket is gone. */
  get isGone(): boolean {
    return this.#stage === 'over' && this.#ending?.closedWith !== undefined;
  }

  isLive(now: number = this.ports.clock.now()): boolean {
    return this.#stage !== 'over' && this.mayRead(now);
  }

  /** Whether what it is sent may be handed to the socket. Asked whenever bytes are. */
  mayRead(now: number = this.ports.clock.now()): boolean {
    return now < this.#principal.expiresAt && !this.ports.mute?.isOn();
  }

  /** Of one that is not live. */
  whyMuted(now: number = this.ports.clock.now()): 'token_expired' | 'authority_stale' {
    const isOver = this.#stage === 'over' || now >= this.#principal.expiresAt;
    return isOver ? 'token_expired' : 'authority_stale';
  }

  /** Acts as the principal from now on; the same subject with other rights. */
  renew(principal: Principal): void {
    this.#principal = principal;
    this.generation += 1;
    this.decisions += 1;
    this.#lifetime.renew();
  }

  /** Its rights may be others now: requests that run and whose right has ended are told at once. */
  askAgain(): void {
    for (const request of this.#watching ?? []) request.askAgain();
  }

  /** Told when the right of the request ends, or the connection. Returns false when the connection has ended already. */
  watch(request: PendingRequest): boolean {
    if (this.#isClosing || this.#stage === 'over') return false;
    (this.#watching ??= new Set()).add(request);
    return true;
  }

  unwatch(request: PendingRequest): void {
    this.#watching?.delete(request);
  }

  // What it is sent.

  send(event: string, data?: unknown): boolean {
    refuseReserved(event);
    this.ports.settings.checkEvent(this.roomName, event, data);
    return this.sendText(this.checkSize(encodeMessage(event, data)), false);
  }

  sendBinary(bytes: Uint8Array): boolean {
    return !this.#isClosing && this.outbox.addBytes(this.checkSize(encodeBinaryFrame(bytes)));
  }

  emit(event: string, data?: unknown): boolean {
    if (event !== 'exception') return this.send(event, data);
    return this.sendText(encodeMessage(event, withoutCause(data)), false);
  }

  /** @throws RoomgateError `too_big` */
  checkSize<T extends string | Buffer>(sent: T): T {
    const { maxOutboxBytes } = this.ports;
    // A character is three bytes at most, so a short text needs no counting.
    if (sent.length * 3 <= maxOutboxBytes || Buffer.byteLength(sent) <= maxOutboxBytes) return sent;
    throw new RoomgateError(
      'too_big',
      `Expected at most maxOutboxBytes (${maxOutboxBytes}), got ${Buffer.byteLength(sent)}. Send it in parts, or raise maxOutboxBytes.`,
    );
  }

  /** The same for a value of a request's stream. */
  sendFor(request: PendingRequest, event: string, data: unknown): boolean {
    refuseReserved(event);
    this.ports.settings.checkEvent(this.roomName, event, data);
    return this.sendText(this.checkSize(encodeMessage(event, data)), false, request);
  }

  /** `about`: the request that it answers, which is asked whether it still may when the bytes are handed over. */
  sendText(text: string, isControl: boolean, about?: PendingRequest): boolean {
    return !this.#isClosing && this.outbox.addText(text, isControl, about);
  }

  get outbox(): Outbox {
    return (this.#outbox ??= new Outbox(this, this.ports));
  }

  /** A frame after the close frame of ws would be a protocol error. */
  isWritable(): boolean {
    return this.ws.isOpen;
  }

  /** Later than the turn that found it: leaving rooms may publish, and a turn takes nothing while it hands over. */
  onReaderStalled(): void {
    queueMicrotask(() => this.end(CLOSE_CODES.slowConsumer, { drop: true }));
  }

  // What it sends.

  get state(): ConnectionState {
    return (this.#state ??= {});
  }

  /** @see ControlQueue.decided */
  decided(room: RoomId): Message['decided'] {
    return this.#state?.controls?.decided(room);
  }

  get inbox(): Inbox {
    if (this.#inbox) return this.#inbox;
    this.#inbox = new Inbox(this, this.ports.maxInboxMessages);
    if (!this.#connecting) this.#inbox.open();
    return this.#inbox;
  }

  /** Messages that were accepted and are not handled yet. */
  get accepted(): number {
    return this.#stage === 'over' ? 0 : (this.#inbox?.accepted ?? 0) + this.beside;
  }

  /** The client has said something. */
  awake(): void {
    this.ports.heartbeat.follow(this);
  }

  receive(bytes: Buffer, isBinary: boolean): void {
    if (this.#stage === 'open') this.ports.gateway.receive(this, bytes, isBinary);
  }

  handle(message: Message): Promise<void> | undefined {
    return this.ports.gateway.handle(this, message);
  }

  setPaused(isPaused: boolean): void {
    if (isPaused) this.ws.pause();
    else this.ws.resume();
  }

  /** The last message of the inbox was handled. */
  onIdle(): void {
    if (this.#stage === 'finishing') this.#advance();
  }

  /** A message is handled beside others until `done`, which never rejects, settles. */
  runBeside(done: Promise<void>): void {
    this.beside += 1;
    void done.then(() => {
      this.beside -= 1;
      this.onIdle();
    });
  }

  // Its beginning.

  /** Keeps messages waiting until so many `handleConnection` hooks have settled. One that never does costs the connection. */
  awaitHooks(pending: number): void {
    const { clock, wheel, handlerTimeoutMs } = this.ports;
    const dueBy = wheel.add(clock.elapsed() + handlerTimeoutMs, () => {
      this.#stopConnecting();
      this.end(CLOSE_CODES.internal);
      // Something else may have ended it meanwhile, which has waited for the hooks alone.
      this.#advance();
    });
    this.#connecting = { pending, running: 0, dueBy };
  }

  /** A `handleConnection` hook has begun. */
  hookStarted(): void {
    if (this.#connecting) this.#connecting.running += 1;
  }

  /** A `handleConnection` hook has settled. */
  hookSettled(): void {
    if (!this.#connecting) return;
    this.#connecting.running -= 1;
    if (--this.#connecting.pending > 0) return;
    this.#stopConnecting();
    if (this.#stage !== 'over') this.#inbox?.open();
    this.#advance();
  }

  /** Hooks that have not begun never will, because telling of the connection failed. */
  hooksSkipped(): void {
    if (!this.#connecting) return;
    this.#connecting.pending = this.#connecting.running;
    if (this.#connecting.pending > 0) return;
    this.#stopConnecting();
    this.#advance();
  }

  hookFailed(hook: string, error: unknown): void {
    this.report(hook, error);
    this.end(CLOSE_CODES.internal);
  }

  /** Tells the log what failed for this connection. */
  report(what: string, error: unknown): void {
    this.ports.report(what, error, this.id);
  }

  /** A hook that has taken too long counts as settled: `handleDisconnect` has to be called some day. */
  #stopConnecting(): void {
    if (this.#connecting) this.ports.wheel.cancel(this.#connecting.dueBy);
    this.#connecting = undefined;
  }

  // Its end.

  close(code: number = CLOSE_CODES.normal.code, reason = ''): void {
    checkCloseCode(code);
    if (this.#isClosing || this.#stage !== 'open') return;
    this.ended ??= code;
    this.#closeSocket(code, reason, {});
    if (code === CLOSE_CODES.normal.code) this.#finish();
    else this.#over();
  }

  /**
   * Closes with a `goodbye` first. What was accepted is handled or dropped as the row says; of a connection that is
   * finishing it is dropped. `drop` forgets what waits to be read: a kick leaves nothing of ours behind.
   */
  end(row: CloseRow, options: EndOptions = {}): void {
    if (options.drop) this.#outbox?.drop();
    if (this.#stage === 'over') return;
    const isOpen = this.#stage === 'open';
    if (isOpen && options.isLast && this.accepted > 0) {
      this.#endingOf().goodbye = { row, retryAfterMs: options.retryAfterMs };
      this.#finish();
      return;
    }
    this.#sayGoodbye(row, options);
    if (isOpen && row.accepted === 'handled') this.#finish();
    else this.#over(row);
  }

  #sayGoodbye(row: CloseRow, options: EndOptions): void {
    if (this.#isClosing) return;
    this.ended = row;
    this.sendText(encodeGoodbye(row, options.retryAfterMs), true);
    this.#closeSocket(row.code, row.reason, options);
  }

  /** The client has sent a close frame or ended its side, or `ws` found a fault. */
  onPeerClosing(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#awaitClose({ drop: true });
    if (this.#stage === 'open') this.#finish();
    else this.#abort('peer_gone');
  }

  /** The client has broken the protocol, and `ws` has closed. */
  onFault(fault: CloseRow | number): void {
    this.ended ??= fault;
    this.#over();
  }

  /** Its socket is gone. */
  onClosed(code: number): void {
    const ending = this.#endingOf();
    if (ending.closedWith !== undefined) return;
    ending.closedWith = code;
    this.#isClosing = true;
    if (ending.closeBy) this.ports.wheel.cancel(ending.closeBy);
    this.#outbox?.stop();
    if (this.#stage === 'open') this.#finish();
    else this.#advance();
  }

  /** Resolves when what its client has said to the room so far is handled or dropped; undefined when it is already. */
  handled(room: RoomId): Promise<void> | undefined {
    return this.#inbox?.handled((message) => (message.room ?? this.roomId) === room);
  }

  /** Called once each when the connection is gone. */
  get onDisconnect(): ((code: number) => void)[] {
    return (this.#onDisconnect ??= []);
  }

  /** No more messages are accepted; those that were are handled. */
  #finish(): void {
    const { clock, wheel, handlerTimeoutMs } = this.ports;
    this.#stage = 'finishing';
    if (this.#isClosing) this.#abort('peer_gone');
    // A paused socket would never read the answer to our close.
    this.#inbox?.unpause();
    this.#advance();
    // What was done meanwhile may have ended it.
    if (!this.isActive) return;
    this.ports.memberships.absent(this);
    const dueAt = clock.elapsed() + handlerTimeoutMs;
    this.#endingOf().finishBy = wheel.add(dueAt, () => this.#over());
  }

  /** Goes on as soon as nothing is left to be handled, and when the socket is gone too, ends. */
  #advance(): void {
    if (this.#connecting || this.#stage === 'open') return;
    if (this.#stage === 'over') this.#settle();
    else if (this.accepted === 0) this.#over();
  }

  /** Nothing more is handled. `row`: why, if the client was not the one to end it. */
  #over(row?: CloseRow): void {
    if (this.#stage === 'over') return;
    const ending = this.#endingOf();
    const isLoss = row !== undefined && ENDS_A_RIGHT.has(row);
    if (isLoss) this.ended = row;
    this.#stage = 'over';
    this.#inbox?.clear();
    this.#lifetime.stop();
    if (ending.finishBy) this.ports.wheel.cancel(ending.finishBy);
    if (ending.goodbye) this.#sayGoodbye(ending.goodbye.row, ending.goodbye);
    this.#abort(isLoss ? 'right_lost' : 'peer_gone');
    // Its client may take its time to answer, or never do.
    this.ports.authority.leaveAll(this);
    this.#settle();
  }

  /** Tells of its end, once, behind everything else. */
  #settle(): void {
    const ending = this.#endingOf();
    if (this.#connecting || !this.isGone || ending.isTold) return;
    ending.isTold = true;
    const { closedWith = 0 } = ending;
    const { audit, registry, heartbeat } = this.ports;
    audit.closed(this, closedWith);
    registry.remove(this);
    heartbeat.forget(this);
    for (const listener of this.#onDisconnect?.splice(0) ?? []) listener(closedWith);
  }

  /** Closes the socket behind what it was sent so far, and destroys it when its client does not answer. */
  #closeSocket(code: number, reason: string, options: EndOptions): void {
    const close = (): void => this.ws.close(code, cutReason(reason));
    this.#isClosing = true;
    if (this.#outbox) this.#outbox.finish(close);
    else close();
    this.#awaitClose(options);
  }

  /**
   * Destroys the socket unless its client has answered the close within `closeTimeoutMs`. While bytes are left that it has not
   * taken, it has the slow-reader timeout for the next of them; a client that is to read nothing more has not.
   */
  #awaitClose({ drop }: EndOptions): void {
    const { clock, wheel, closeTimeoutMs, slowReaderMs } = this.ports;
    const patienceMs = drop ? 0 : slowReaderMs;
    let left = this.#outbox?.backlogBytes ?? 0;
    let takenAt = clock.elapsed();
    const lookLater = (): void => {
      this.#endingOf().closeBy = wheel.add(clock.elapsed() + closeTimeoutMs, look);
    };
    const look = (): void => {
      const before = left;
      left = this.socket.writableLength + (this.#outbox?.backlogBytes ?? 0);
      if (left < before) takenAt = clock.elapsed();
      const isWaiting = left > 0 && clock.elapsed() - takenAt < patienceMs;
      if (left < before || isWaiting) lookLater();
      else this.terminate();
    };
    lookLater();
  }

  #endingOf(): Ending {
    return (this.#ending ??= {});
  }

  /** Gives up what it has accepted, and destroys its socket. */
  abandon(): void {
    this.terminate();
    this.#over();
  }

  /** Destroys the socket as soon as the system has taken what was written to it; an answer is not waited for. */
  hangUp(): void {
    this.socket.end(() => this.socket.destroy());
  }

  /** Destroys the socket without a word. */
  terminate(): void {
    this.ws.terminate();
  }

  // Its socket, as the heartbeat sees it.

  get isPaused(): boolean {
    return this.ws.isPaused;
  }

  /** Only ever compared: cut to what fits into a field without an object of its own. */
  get received(): number | undefined {
    if (this.ws.isAsleep) return this.ws.pongs;
    const { bytesRead } = this.socket as { bytesRead?: number };
    return bytesRead === undefined ? undefined : bytesRead & LOW_31_BITS;
  }

  get unfinished(): object | undefined {
    return unfinishedMessage(this.ws);
  }

  /** Not through the outbox: a control frame may stand between any two frames, and need not wait for them. */
  ping(): void {
    if (this.ws.isOpen) this.socket.write(PING);
  }

  #abort(end: RequestEnd): void {
    const watching = this.#watching;
    this.#watching = undefined;
    for (const request of watching ?? []) request.abort(end);
  }
}

/** @throws RoomgateError `token_expired`, `authority_stale` */
export function requireLive(connection: ServerConnection): void {
  if (!connection.isLive())
    throw new RoomgateError(connection.whyMuted(), 'The connection is no longer live.');
}

/** @throws RoomgateError `not_a_member` */
export function requireMembership(connection: ServerConnection, roomId: RoomId): Membership {
  const membership = connection.memberships.find(({ room }) => room === roomId);
  if (!membership)
    throw new RoomgateError('not_a_member', 'The connection is not a member of the room.');
  return membership;
}

/** @throws RoomgateError `not_a_member`, `publish_forbidden` */
export function requirePublish(connection: ServerConnection, roomId: RoomId): void {
  if (!requireMembership(connection, roomId).rights.publish)
    throw new RoomgateError('publish_forbidden', 'The member may not publish in the room.');
}

/** @throws RoomgateError `not_a_member`, `presence_forbidden` */
export function requirePresence(connection: ServerConnection, roomId: RoomId): void {
  if (!requireMembership(connection, roomId).rights.presence)
    throw new RoomgateError('presence_forbidden', 'The member may not see who is present.');
}

import { isObservable } from 'rxjs';
import type { Admission } from '../admission/admission.js';
import type { ConnectionAudit } from '../connection/audit.js';
import type { ServerConnection } from '../connection/connection.js';
import type { HandlerInfo, MessageHandler } from '../connection/handlers.js';
import { BINARY_EVENT, isControl, type Message, parseMessage } from '../connection/message.js';
import { COST_OF_PAGE, isForgiven, MessageRate, strike } from '../connection/rate-limit.js';
import { CLOSE_CODES } from '../connection/system-messages.js';
import type { HandlerWatch } from '../connection/timing-wheel.js';
import type { Clock } from '../core/clock.js';
import type { RoomgateOptions } from '../module/options.js';
import type { Rooms } from '../room/rooms.js';
import { Control } from './control-events.js';
import { exceptionBody } from './exceptions.js';
import { MessageContext, type Unsent, settleFiltered, settleReply } from './message-context.js';
import { Streams } from './streams.js';

/** Beyond these a flood that was sent at once is not forgiven: each costs an answer. */
const MAX_EARLY = 1_000;

const NO_MESSAGE: Message = { event: '', data: undefined };

/** What the gateway stage is made of. */
export interface GatewayPorts extends Pick<
  RoomgateOptions,
  | 'identityClaims'
  | 'maxInboxMessages'
  | 'maxMessagesPerWindow'
  | 'maxRoomsPerConnection'
  | 'maxStreams'
  | 'maxStrikes'
  | 'messageBurst'
  | 'messageWindowMs'
  | 'verdictDeadlineMs'
> {
  readonly clock: Clock;
  readonly admission: Admission;
  readonly rooms: Rooms;
  readonly audit: ConnectionAudit;
  readonly watch: HandlerWatch;
  /** Whether interceptors of the app stand around every handler. */
  readonly hasGlobalInterceptors: () => boolean;
  /** Told of faults of the application's own code. */
  readonly report: (event: string, error: unknown) => void;
  /** Told of values that nobody gets; absent in strict mode. */
  readonly unsent: Pick<Unsent, 'tell'> | undefined;
}

/** From a frame to a handler and back: parse, control lane or inbox, is it live, Nest's pipeline, reply. */
export class Dispatch {
  readonly #control: Control;
  readonly #streams: Streams;
  readonly #rate: MessageRate;

  constructor(private readonly ports: GatewayPorts) {
    this.#control = new Control(ports);
    this.#streams = new Streams(ports);
    this.#rate = new MessageRate(ports);
  }

  /** A frame arrived. It is parsed once; what is not ours is answered, and counted against the sender. */
  receive(connection: ServerConnection, bytes: Buffer, isBinary: boolean): void {
    const message = isBinary ? { event: BINARY_EVENT, data: bytes } : parseMessage(bytes);
    const retryAfterMs = this.#rate.isOff
      ? 0
      : this.#rate.take(connection, costOf(message), this.ports.clock.elapsed());
    if (retryAfterMs === 0 && message && (isBinary || !isOurs(message.event))) {
      const room = message.room ?? connection.roomId;
      const decided = connection.decided(room);
      return connection.inbox.push(decided ? { ...message, decided } : message, bytes.length);
    }
    const context = this.#context(connection, message ?? NO_MESSAGE);
    context.isControl = true;
    if (retryAfterMs > 0) return this.#slowDown(context, retryAfterMs);
    if (message?.event === BINARY_EVENT) this.#strike(context, 'unknown_event');
    else if (!message || !this.#control.handle(context, message))
      this.#strike(context, 'bad_message');
  }

  /** Handles one message; undefined, or a promise that never rejects, when the next of its connection may follow. */
  handle(connection: ServerConnection, message: Message): Promise<void> | undefined {
    const { decided } = message;
    if (!decided) return this.#handle(connection, message);
    const { inbox } = connection;
    // A refresh need not wait for it.
    inbox.isHeld = true;
    return decided().then((isDecided) => {
      inbox.isHeld = false;
      return this.#handle(connection, message, isDecided);
    });
  }

  #handle(
    connection: ServerConnection,
    message: Message,
    isDecided = true,
  ): Promise<void> | undefined {
    const now = this.ports.clock.now();
    const context = this.#context(connection, message);
    if (!connection.isLive(now)) {
      if (context.id !== undefined) context.fail(connection.whyMuted(now));
      return undefined;
    }
    // Whether it is a member is unknown, so nothing is done for it.
    if (!isDecided) {
      context.fail('verdict_timeout');
      return undefined;
    }
    const handlers = this.#handlersOf(connection);
    if (!handlers) return undefined;
    const found = connection.table.find(message.event);
    const handler = found && handlers[found.index];
    if (!handler) {
      this.#strike(context, message.event === BINARY_EVENT ? 'bad_message' : 'unknown_event');
      return undefined;
    }
    const { info } = found;
    this.ports.watch.start(context);
    // What Nest makes of a handler is an async function; it throws nothing and always returns a promise.
    const running = handler.callback(message.data, context) as Promise<unknown>;
    const done = running.then(
      (result) => this.#settle(context, result, info),
      (error: unknown) => this.#fail(context, error),
    );
    context.isBeside = info.isUnordered && this.#mayRunBeside(connection, done);
    return context.isBeside ? undefined : done;
  }

  /** Binding them tells whoever listens to the server of the gateway, which may throw. */
  #handlersOf(connection: ServerConnection): readonly MessageHandler[] | undefined {
    try {
      return connection.table.handlersOf(connection);
    } catch (error) {
      connection.hookFailed('A listener of the server', error);
      return undefined;
    }
  }

  /** Only so many at a time; then messages wait in the inbox again, which pauses the socket. */
  #mayRunBeside(connection: ServerConnection, done: Promise<void>): boolean {
    if (connection.beside >= this.ports.maxInboxMessages) return false;
    connection.runBeside(done);
    return true;
  }

  #settle(context: MessageContext, result: unknown, info: HandlerInfo): Promise<void> | undefined {
    try {
      return this.#answer(context, result, info);
    } catch (error) {
      // A result that throws when it is looked at, or an Observable of another make when it is subscribed to.
      this.#fail(context, error);
      return undefined;
    }
  }

  #answer(context: MessageContext, result: unknown, info: HandlerInfo): Promise<void> | undefined {
    if (isObservable(result)) {
      const begun = this.#streams.open(context, result, info);
      if (begun) return begun.then(() => this.ports.watch.end(context));
      this.ports.watch.end(context);
      return undefined;
    }
    // Where filters of the app exist results are Observables, so this is the nothing that a filter left behind.
    if (info.hasUserFilters) settleFiltered(context);
    else settleReply(context, result, this.ports);
    this.#done(context);
    return undefined;
  }

  /** Only a user filter that throws gets here; Nest has no more to say about it. */
  #fail(context: MessageContext, error: unknown): void {
    this.ports.report(context.event, error);
    context.fail('internal');
    this.#done(context);
  }

  #done(context: MessageContext): void {
    this.ports.watch.end(context);
    context.done();
  }

  #context(connection: ServerConnection, message: Message): MessageContext {
    return new MessageContext(connection, message, this.ports.rooms, this.ports.clock.elapsed());
  }

  /**
   * Not handled, and said so. A client that goes on after it was told is closed, when what it sent before is answered; it comes back
   * when a whole burst would pass again.
   */
  #slowDown(context: MessageContext, retryAfterMs: number): void {
    context.fail({ ...exceptionBody('rate_limited'), retryAfterMs });
    const { connection, startedAt: now } = context;
    const { outbox, state } = connection;
    const before = state.rateWarnings;
    if (!before || isForgiven(before, now)) {
      state.rateWarnings = { count: 0, lastAt: now, early: 0, toldBy: outbox.added };
      return;
    }
    const { early, toldBy } = before;
    if (outbox.handedOver < toldBy && early < MAX_EARLY) {
      state.rateWarnings = { ...before, early: early + 1 };
      return;
    }
    const strikes = strike(before, now);
    state.rateWarnings = { ...strikes, early, toldBy };
    if (strikes.count < this.ports.maxStrikes) return;
    const backInMs = Math.ceil(connection.paidAt - now);
    connection.end(CLOSE_CODES.rateLimit, { isLast: true, retryAfterMs: backInMs });
  }

  #strike(context: MessageContext, code: string): void {
    context.fail(code);
    const { connection, startedAt: now } = context;
    const strikes = (connection.state.strikes = strike(connection.state.strikes, now));
    if (strikes.count >= this.ports.maxStrikes) connection.end(CLOSE_CODES.badMessages);
  }
}

/** Events of a text that never reach a handler. */
function isOurs(event: string): boolean {
  return isControl(event) || event === BINARY_EVENT;
}

/** What costs the server more than a message counts as more. */
const COSTS: ReadonlyMap<string, number> = new Map([
  ['auth.refresh', 5],
  ['room.history', COST_OF_PAGE],
  ['room.presence', 2],
]);

function costOf(message: Message | undefined): number {
  return (message && COSTS.get(message.event)) ?? 1;
}

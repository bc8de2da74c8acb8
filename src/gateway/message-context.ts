import type { RoomId } from '../admission/room-id.js';
import type { ServerConnection } from '../connection/connection.js';
import type { RequestEnd } from '../connection/ports.js';
import { encodeMessage, type Message, refuseReserved } from '../connection/message.js';
import type { Room } from '../room/room.js';
import type { Rooms } from '../room/rooms.js';
import { RoomgateError } from '../core/errors.js';
import type { GatewayPorts } from './dispatch.js';
import { type ExceptionBody, exceptionBody } from './exceptions.js';

/** Why a connection is muted. */
const MUTED: readonly string[] = ['token_expired', 'authority_stale'];

const WHY_ABORTED: Readonly<Record<RequestEnd, string>> = {
  peer_gone: 'The client has gone: nobody reads an answer.',
  handler_timeout: 'The handler took longer than handlerTimeoutMs; the client was told so.',
  right_lost: 'The right by which the message was let in has ended; the client was told so.',
};

/** What let a message in. @throws RoomgateError when it would not do so now. */
export interface RightsCheck {
  check(execution: object | undefined): void;
}

/**
 * One message on its way through Nest's pipeline: the third argument of every room gateway handler, `context.getArgByIndex(2)`
 * for guards, interceptors and filters. It sees to it that a message with an id gets exactly one terminal reply, and that nothing is
 * answered by a right that has ended.
 */
export class MessageContext {
  /** @internal */
  isBeside = false;
  /** @internal Its reply passes although the connection is muted. */
  isControl = false;
  #isSettled = false;
  /** Whether the exception about the lost right was sent. */
  #isLost = false;
  #rights: RightsCheck | undefined;
  #execution: object | undefined;
  /** The rights of the connection under which it was let in. */
  #generation = 0;
  #ended: RequestEnd | undefined;
  #controller: AbortController | undefined;
  #stopStream: (() => void) | undefined;

  /** @internal */
  constructor(
    /** @internal */
    readonly connection: ServerConnection,
    private readonly message: Message,
    private readonly rooms: Pick<Rooms, 'asMember'>,
    /** @internal By `clock.elapsed()`. */
    readonly startedAt: number,
  ) {}

  get event(): string {
    return this.message.event;
  }

  /** Chosen by the client; undefined when it wants no reply. */
  get id(): string | number | undefined {
    return this.message.id;
  }

  /** The room the message is for: the one it names, else the one of the connection's URL. */
  get roomId(): RoomId {
    return this.message.room ?? this.connection.roomId;
  }

  /** The same room as something to speak to, with the rights of the connection. */
  get room(): Room {
    return this.rooms.asMember(this.connection, this.roomId);
  }

  /** Of the sender's trace (W3C Trace Context), in the form of version 00; undefined when it sent none, or none that is valid. */
  get traceparent(): string | undefined {
    return this.message.traceparent;
  }

  /**
   * Aborted when nobody waits for the handler any more. Its `reason` is a `RoomgateError` whose code says why: `peer_gone`,
   * `handler_timeout` or `right_lost`. The message goes on counting as accepted: without looking at the signal a handler runs to its end.
   */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#ended) this.#controller.abort(abortError(this.#ended));
      else if (!this.connection.watch(this)) this.abort('peer_gone');
    }
    return this.#controller.signal;
  }

  /** Whether the terminal reply was sent, or is not to come any more. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Answers with `ack`. Only the first terminal reply of a message is sent. */
  ack(data?: unknown): void {
    this.#settle(() => (this.id === undefined ? undefined : encodeMessage('ack', data, this.id)));
  }

  /** Answers with an event of the application; sent without an id too. */
  reply(event: string, data?: unknown): void {
    this.#settle(() => encodeMessage(event, data, this.id));
  }

  /** Answers with `exception`; sent without an id too. Never repeats what the client sent. */
  fail(given: ExceptionBody | string): void {
    const body = typeof given === 'string' ? exceptionBody(given) : given;
    // As a control frame: what else it would say is dropped for the very reason that this one tells.
    if (MUTED.includes(body.code)) this.isControl = true;
    this.#settle(() => encodeMessage('exception', body, this.id));
  }

  /** @internal Sends a value of its stream. Does nothing when the message was answered. */
  sendValue(event: string, data: unknown): void {
    const { connection } = this;
    if (this.#isSettled) return;
    const refusal = connection.isLive() ? this.refusal() : connection.whyMuted();
    if (refusal !== undefined) this.#loseRight(refusal);
    else if (!connection.sendFor(this, event, data) && connection.isWritable()) {
      this.fail('outbox_full');
      this.#stopStream?.();
    }
  }

  /** @internal It was let in. Asked again when rights have changed since. */
  letInBy(rights: RightsCheck, execution?: object): void {
    this.#rights = rights;
    this.#execution = execution;
    this.#generation = this.connection.generation;
  }

  /** @internal */
  refusal(): string | undefined {
    return this.#generation === this.connection.generation ? undefined : this.#ask();
  }

  /** @internal */
  askAgain(): void {
    const refusal = this.#ask();
    if (refusal !== undefined) this.#loseRight(refusal);
  }

  /** @internal */
  lost(code: string): string | undefined {
    const isMeant = this.id !== undefined || (!this.#isSettled && !MUTED.includes(code));
    this.#isSettled = true;
    if (this.#isLost) return undefined;
    this.#isLost = true;
    this.abort('right_lost');
    return isMeant ? encodeMessage('exception', exceptionBody(code), this.id) : undefined;
  }

  /** @internal Calls `stop` when the stream that the handler returned has to end. */
  streams(stop: () => void): void {
    this.#stopStream = stop;
    if (this.#ended || !this.connection.watch(this)) stop();
  }

  /** @internal */
  abort(end: RequestEnd): void {
    if (this.#ended) return;
    this.#ended = end;
    this.done();
    this.#stopStream?.();
    this.#controller?.abort(abortError(end));
  }

  /** @internal Nothing is to be aborted any more. */
  done(): void {
    if (this.#controller || this.#stopStream) this.connection.unwatch(this);
  }

  /** @internal Whether the error is only what became of the abort. */
  isAbort(error: unknown): boolean {
    const reason: unknown = this.#controller?.signal.reason;
    if (reason === undefined || !(error instanceof Error)) return false;
    return error === reason || error.cause === reason || error.name === 'AbortError';
  }

  /** @internal Answers, and lets the next message of the connection pass. */
  onTimeout(): void {
    this.fail('handler_timeout');
    this.abort('handler_timeout');
    if (!this.isBeside) this.connection.inbox.skip();
  }

  /** The code for which it would not be let in now. */
  #ask(): string | undefined {
    if (!this.#rights) return undefined;
    const { generation } = this.connection;
    try {
      this.#rights.check(this.#execution);
      this.#generation = generation;
      return undefined;
    } catch (error) {
      return error instanceof RoomgateError ? error.code : 'forbidden';
    }
  }

  #loseRight(code: string): void {
    if (this.#isSettled) return this.abort('right_lost');
    const text = this.lost(code);
    if (text !== undefined) this.connection.sendText(text, true);
  }

  #settle(text: () => string | undefined): void {
    if (this.#isSettled) return;
    const refusal = this.refusal();
    if (refusal !== undefined) return this.#loseRight(refusal);
    const encoded = text();
    if (encoded !== undefined) this.connection.checkSize(encoded);
    this.#isSettled = true;
    if (encoded === undefined || this.connection.sendText(encoded, this.isControl, this)) return;
    if (this.id === undefined) return;
    const full = encodeMessage('exception', exceptionBody('outbox_full'), this.id);
    this.connection.sendText(full, true);
  }
}

/** The message that Nest runs a handler, guard, pipe, interceptor or filter for; something else under another adapter. */
export function contextOf(host: { getArgByIndex(index: number): unknown }): MessageContext {
  return host.getArgByIndex(2) as MessageContext;
}

function abortError(end: RequestEnd): RoomgateError {
  return new RoomgateError(end, WHY_ABORTED[end]);
}

/** Whether a handler's result names the event it is to be sent as. */
export function isWsResponse(result: unknown): result is { event: string; data?: unknown } {
  return (
    typeof result === 'object' &&
    result !== null &&
    typeof (result as { event?: unknown }).event === 'string'
  );
}

/**
 * The reply to a handler's result: `{ event, data }` is sent as it is, any other value as the data of `ack`, and nothing but
 * `{ event, data }` is sent when the message has no id.
 */
export function settleReply(
  context: MessageContext,
  result: unknown,
  ports: Pick<GatewayPorts, 'report' | 'rooms' | 'unsent'>,
): void {
  if (context.isSettled) return;
  try {
    if (isWsResponse(result)) {
      refuseReserved(result.event);
      ports.rooms.settings.checkEvent(context.connection.roomName, result.event, result.data);
      context.reply(result.event, result.data);
    } else {
      if (context.id === undefined && result !== undefined) ports.unsent?.tell(context.event);
      context.ack(result);
    }
  } catch (error) {
    ports.report(context.event, error);
    context.fail(codeOf(error));
  }
}

/** What the client is told of a reply that could not be sent. */
export function codeOf(error: unknown): string {
  return error instanceof RoomgateError && error.code === 'too_big' ? 'too_big' : 'internal';
}

/** A filter of the app took the exception and may have answered in its own way: an ack would be a lie. */
export function settleFiltered(context: MessageContext): void {
  if (context.id !== undefined) context.fail('internal');
}

/** Tells a developer, once for each event, of return values that nobody gets. */
export class Unsent {
  readonly #warned = new Set<string>();

  constructor(private readonly warn: (line: string) => void) {}

  tell(event: string): void {
    if (this.#warned.has(event)) return;
    this.#warned.add(event);
    this.warn(
      `The handler of ${JSON.stringify(event)} returned a value for a message without an id: nobody gets it. Return { event, data }, or have the client send an id.`,
    );
  }
}

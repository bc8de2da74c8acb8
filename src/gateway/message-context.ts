import type { RoomKey } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import type { Run } from '../connection/handler-watch.js';
import { encodeMessage, type Message } from '../connection/message.js';
import type { Room } from '../room/room.js';
import type { RoomService } from '../room/room.service.js';
import { type ExceptionBody, exceptionBody } from './exceptions.js';

/** Why a connection is muted. */
const MUTED: readonly string[] = ['token_expired', 'authority_stale'];

/**
 * One message on its way through Nest's pipeline: the third argument of every room gateway handler, `context.getArgByIndex(2)`
 * for guards, interceptors and filters. It sees to it that a message with an id gets exactly one terminal reply.
 */
export class MessageContext implements Run {
  /** @internal */
  isUnordered = false;
  /** @internal Its reply passes although the connection is muted. */
  isControl = false;
  /** @internal What its reply tells of, and is dropped with. */
  about: RoomKey | undefined;
  #isSettled = false;

  constructor(
    readonly connection: RoomConnection,
    private readonly message: Message,
    private readonly rooms: RoomService,
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
  get roomId(): RoomConnection['roomId'] {
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

  /** @internal Answers, and lets the next message of the connection pass. */
  onTimeout(): void {
    this.fail('handler_timeout');
    if (!this.isUnordered) this.connection.inbox.skip();
  }

  #settle(text: () => string | undefined): void {
    if (this.#isSettled) return;
    const encoded = text();
    this.#isSettled = true;
    if (encoded !== undefined) this.connection.sendText(encoded, this.isControl, this.about);
  }
}

import { isObservable } from 'rxjs';
import { CLOSE_CODES } from '../connection/close-codes.js';
import type { RoomConnection } from '../connection/connection.js';
import type { HandlerInfo, MessageHandler } from '../connection/handler-table.js';
import type { HandlerWatch } from '../connection/handler-watch.js';
import { isControl, type Message, parseMessage } from '../connection/message.js';
import type { RoomService } from '../room/room.service.js';
import type { Clock } from '../roomgate.clock.js';
import { MessageContext } from './message-context.js';
import { type ReplyReporter, settleFiltered, settleReply } from './reply.js';
import { Streams } from './streams.js';

const FORGIVEN_AFTER_MS = 60_000;

export interface DispatchPorts extends ReplyReporter {
  readonly clock: Clock;
  readonly watch: HandlerWatch;
  readonly rooms: RoomService;
  readonly maxStrikes: number;
  readonly maxStreams: number;
}

/** From a frame to a handler and back: parse, control lane or inbox, is it live, Nest's pipeline, reply. */
export class Dispatch {
  readonly #streams: Streams;

  constructor(private readonly ports: DispatchPorts) {
    this.#streams = new Streams(ports.maxStreams, ports);
  }

  /** A frame arrived. It is parsed once; what is not ours is answered, and counted against the sender. */
  receive(connection: RoomConnection, bytes: Buffer, isBinary: boolean): void {
    const message = isBinary ? undefined : parseMessage(bytes);
    if (!message)
      this.#strike(
        connection,
        this.#context(connection, { event: '', data: undefined }),
        'bad_message',
      );
    else if (isControl(message.event))
      this.#strike(connection, this.#context(connection, message), 'unknown_event');
    else connection.inbox.push(message);
  }

  /** Handles one message; undefined, or a promise that never rejects, when the next of its connection may follow. */
  handle(connection: RoomConnection, message: Message): Promise<void> | undefined {
    const context = this.#context(connection, message);
    if (!connection.isLive()) {
      if (context.id !== undefined) context.fail('token_expired');
      return undefined;
    }
    const found = connection.table.find(connection, message.event);
    if (!found) {
      this.#strike(connection, context, 'unknown_event');
      return undefined;
    }
    const done = this.#run(context, message, found.handler, found.info);
    return found.info.isUnordered ? undefined : done;
  }

  async #run(
    context: MessageContext,
    message: Message,
    handler: MessageHandler,
    info: HandlerInfo,
  ): Promise<void> {
    this.ports.watch.start(context, () => {
      context.fail('handler_timeout');
      if (!info.isUnordered) context.connection.inbox.skip();
    });
    try {
      const result = await handler.callback(message.data, context);
      if (isObservable(result)) this.#streams.open(context, result, info);
      // Where filters of the app exist results are Observables, so this is the nothing that a filter left behind.
      else if (info.hasUserFilters) settleFiltered(context);
      else settleReply(context, result, this.ports);
    } catch (error) {
      // Only a user filter that throws gets here; Nest has no more to say about it.
      this.ports.report(context.event, error);
      context.fail('internal');
    } finally {
      this.ports.watch.end(context);
    }
  }

  #context(connection: RoomConnection, message: Message): MessageContext {
    return new MessageContext(connection, message, this.ports.rooms);
  }

  #strike(connection: RoomConnection, context: MessageContext, code: string): void {
    context.fail(code);
    const { strikes } = connection;
    const now = this.ports.clock.now();
    strikes.count = now - strikes.lastAt > FORGIVEN_AFTER_MS ? 1 : strikes.count + 1;
    strikes.lastAt = now;
    if (strikes.count >= this.ports.maxStrikes) connection.end(CLOSE_CODES.badMessages);
  }
}

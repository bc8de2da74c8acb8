import type { Observable, Subscription } from 'rxjs';
import type { RoomConnection } from '../connection/connection.js';
import type { HandlerInfo } from '../connection/handler-table.js';
import { encodeMessage, isReserved } from '../connection/message.js';
import type { MessageContext } from './message-context.js';
import { isWsResponse, type ReplyReporter, settleFiltered, settleReply } from './reply.js';

/**
 * Handlers that return an Observable: its `{ event, data }` values are sent without an id as they come, then the message is
 * acknowledged. A stream does not hold up the inbox, ends with its connection, and a connection has only so many. Behind an
 * interceptor every result is an Observable; so one value that completes at once counts as that value.
 */
export class Streams {
  readonly #open = new WeakMap<RoomConnection, Set<Subscription>>();

  constructor(
    private readonly maxStreams: number,
    private readonly reporter: ReplyReporter,
  ) {}

  open(context: MessageContext, source: Observable<unknown>, info: HandlerInfo): void {
    const open = this.#of(context.connection);
    if (open.size >= this.maxStreams) return context.fail('too_many_streams');
    let first: { value: unknown } | undefined;
    let isEmpty = true;
    const sendFirst = (): void => {
      if (first) this.#send(context, first.value);
      first = undefined;
    };
    const subscription = source.subscribe({
      next: (value) => {
        sendFirst();
        if (!isEmpty) return this.#send(context, value);
        isEmpty = false;
        first = { value };
        queueMicrotask(sendFirst);
      },
      error: (error: unknown) => {
        this.reporter.report(context.event, error);
        context.fail('internal');
      },
      complete: () => {
        if (first) settleReply(context, first.value, this.reporter);
        else if (isEmpty && info.hasUserFilters) settleFiltered(context);
        else context.ack();
        first = undefined;
      },
    });
    if (subscription.closed) return;
    open.add(subscription);
    subscription.add(() => open.delete(subscription));
  }

  #send(context: MessageContext, value: unknown): void {
    if (context.isSettled) return;
    if (!isWsResponse(value)) return this.reporter.warnUnsent(context.event);
    try {
      if (isReserved(value.event)) throw new Error('A stream returned a reserved event.');
      context.connection.sendText(encodeMessage(value.event, value.data), false);
    } catch (error) {
      this.reporter.report(context.event, error);
      context.fail('internal');
    }
  }

  #of(connection: RoomConnection): Set<Subscription> {
    let open = this.#open.get(connection);
    if (!open) {
      const created = new Set<Subscription>();
      this.#open.set(connection, (open = created));
      connection.onDisconnect.push(() =>
        created.forEach((subscription) => subscription.unsubscribe()),
      );
    }
    return open;
  }
}

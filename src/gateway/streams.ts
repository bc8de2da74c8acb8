import type { Observable, Subscription } from 'rxjs';
import type { HandlerInfo } from '../connection/handlers.js';
import type { GatewayPorts } from './dispatch.js';
import {
  codeOf,
  isWsResponse,
  type MessageContext,
  settleFiltered,
  settleReply,
} from './message-context.js';

/**
 * Handlers that return an Observable: its `{ event, data }` values are sent without an id as they come, then the message is
 * acknowledged. A stream does not hold up the inbox, ends with its connection and with its right, and a connection has only so many.
 * Behind an interceptor every result is an Observable, and the handler runs when it is subscribed to; so one value that completes at
 * once counts as that value, and the next message waits for the first value or the end.
 */
export class Streams {
  constructor(private readonly ports: GatewayPorts) {}

  /** Undefined, or a promise that never rejects, when the next message of the connection may follow. */
  open(
    context: MessageContext,
    source: Observable<unknown>,
    info: HandlerInfo,
  ): Promise<void> | undefined {
    const { connection } = context;
    const mayBeBusy = info.isIntercepted || this.ports.hasGlobalInterceptors();
    // Nobody would hear the stream, or end it. A handler behind an interceptor has still to run: its message was accepted.
    const isHeard = connection.isWritable();
    if (context.isSettled || !(isHeard || mayBeBusy)) {
      context.done();
      return undefined;
    }
    if (connection.streams >= this.ports.maxStreams) {
      context.fail('too_many_streams');
      context.done();
      return undefined;
    }
    let first: { value: unknown } | undefined;
    let isEmpty = true;
    let isToEnd = false;
    let begin = (): void => {};
    const sendFirst = (): void => {
      if (first) this.#send(context, first.value);
      first = undefined;
    };
    const subscription = source.subscribe({
      next: (value) => {
        begin();
        sendFirst();
        if (!isEmpty) return this.#send(context, value);
        isEmpty = false;
        first = { value };
        queueMicrotask(() => {
          sendFirst();
          if (isToEnd) this.#end(subscription);
        });
      },
      error: (error: unknown) => {
        if (!context.isAbort(error)) this.ports.report(context.event, error);
        context.fail('internal');
      },
      complete: () => {
        if (first) settleReply(context, first.value, this.ports);
        else if (isEmpty && info.hasUserFilters) settleFiltered(context);
        else context.ack();
        first = undefined;
      },
    });
    if (subscription.closed) {
      context.done();
      return undefined;
    }
    connection.streams += 1;
    subscription.add(() => {
      connection.streams -= 1;
      context.done();
    });
    context.streams(() => {
      if (!mayBeBusy || !isEmpty) return this.#end(subscription);
      // The handler itself is not cut off, as long as the connection is there.
      isToEnd = true;
      connection.onDisconnect.push(() => this.#end(subscription));
    });
    if (!mayBeBusy || !isEmpty || subscription.closed) return undefined;
    return new Promise((resolve) => {
      begin = resolve;
      subscription.add(resolve);
    });
  }

  #send(context: MessageContext, value: unknown): void {
    if (context.isSettled) return;
    if (!isWsResponse(value)) return this.ports.unsent?.tell(context.event);
    try {
      context.sendValue(value.event, value.data);
    } catch (error) {
      this.ports.report(context.event, error);
      context.fail(codeOf(error));
    }
  }

  /** What the application does when a stream is let go may throw, and would be thrown at the socket that closes. */
  #end(subscription: Subscription): void {
    try {
      subscription.unsubscribe();
    } catch (error) {
      this.ports.report('a stream', error);
    }
  }
}

import { refuseReserved } from '../connection/message.js';
import { RoomgateError } from '../core/errors.js';
import type { MessageContext } from './message-context.js';

/** Where faults of the application's own code are told. */
export interface ReplyReporter {
  report(event: string, error: unknown): void;
  /** Compares what is answered with the schema declared for its event. @throws RoomgateError `invalid_data` */
  checkEvent(roomName: string, event: string, data: unknown): void;
  /** Something was returned that nobody gets; told once per event. */
  warnUnsent(event: string): void;
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
  reporter: ReplyReporter,
): void {
  if (context.isSettled) return;
  try {
    if (isWsResponse(result)) {
      refuseReserved(result.event);
      reporter.checkEvent(context.connection.roomName, result.event, result.data);
      context.reply(result.event, result.data);
    } else {
      if (context.id === undefined && result !== undefined) reporter.warnUnsent(context.event);
      context.ack(result);
    }
  } catch (error) {
    reporter.report(context.event, error);
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

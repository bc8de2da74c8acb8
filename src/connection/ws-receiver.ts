import type { WebSocket } from 'ws';

/** The private parts of the receiver of `ws` that are looked at, as of 8.23. */
interface Receiver {
  /** 0 between two frames. */
  readonly _state?: number;
  /** Bytes that are not a whole header, or a whole payload, yet. */
  readonly _bufferedBytes?: number;
  /** The opcode of a message whose last fragment is to come; 0 between two messages. */
  readonly _fragmented?: number;
  /** A new array for each message. */
  readonly _fragments?: object;
}

// This file and `late-socket.ts`, and nothing else in src, know private parts of ws. A field that ws renames is undefined: then
// no message is ever unfinished, and may take as long as its sender answers pings. Nobody is closed by mistake.
// `test/connection/ws-receiver.spec.ts` drives a real receiver through every state and fails then.
function receiverOf(ws: WebSocket): Receiver | null | undefined {
  return (ws as unknown as { readonly _receiver?: Receiver | null })._receiver;
}

/**
 * The message that has begun to arrive and is not complete: the same object as long as it is the same message. `ws` has no
 * event for it.
 */
export function unfinishedMessage(ws: WebSocket): object | undefined {
  const receiver = receiverOf(ws);
  if (!receiver) return undefined;
  const { _state = 0, _bufferedBytes = 0, _fragmented = 0 } = receiver;
  return _state > 0 || _bufferedBytes > 0 || _fragmented > 0 ? receiver._fragments : undefined;
}

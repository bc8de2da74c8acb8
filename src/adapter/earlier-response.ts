import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * The response that the connection still owes to a request before this one (pipelining, RFC 9112 §9.3.2). Node hands out the
 * upgrade without waiting for it, and writes it when it is there, be it into an open WebSocket.
 */
export function earlierResponse(socket: Duplex): ServerResponse | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

/** Calls `next` when the connection owes no response to an earlier request; never, when it closes before. */
export function afterEarlier(socket: Duplex, next: () => void): void {
  // Node has taken its own listener away, and a long response would wait for it.
  const drained = (): void => void earlierResponse(socket)?.emit('drain');
  const wait = (response: ServerResponse): void => {
    response.once('finish', () => {
      const following = earlierResponse(socket);
      if (following) return wait(following);
      socket.off('drain', drained);
      next();
    });
  };
  const first = earlierResponse(socket);
  if (!first) return next();
  socket.on('drain', drained);
  wait(first);
}

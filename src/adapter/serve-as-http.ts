import * as http from 'node:http';
import type { Duplex } from 'node:stream';

/** What Node itself does with each new connection of an HTTP server. Its other listeners have met this connection already. */
const beginHttp = Reflect.get(http, '_connectionListener') as (
  this: http.Server,
  socket: Duplex,
) => void;

/**
 * Gives a connection back to the HTTP server after an upgrade request that the server ignores (RFC 9110 §7.8): Node has taken its
 * parser away and has not read the body. The request is put back in front of what follows it, without its `Upgrade`, and parsed
 * again, so that body, keep-alive, `Expect` and pipelining are Node's own.
 */
export function serveAsHttp(
  server: http.Server,
  { method, url, httpVersion, rawHeaders }: http.IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.toLowerCase() !== 'upgrade') text += `${name}: ${rawHeaders[at + 1]}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  // The timeout of the connection that was kept alive would end the new request.
  (socket as { setTimeout?: (ms: number) => void }).setTimeout?.(0);
  beginHttp.call(server, socket);
}

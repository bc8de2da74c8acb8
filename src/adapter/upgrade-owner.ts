import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { headerValues } from '../admission/upgrade-request.js';

/** Whether the request offers WebSocket, alone or in a list of protocols (RFC 9110 §7.8). Nothing else is ours. */
export function offersWebSocket(request: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  const values = headerValues(request, 'upgrade');
  const isUsual = values.length === 1 && values[0]?.toLowerCase() === 'websocket';
  return isUsual || offered(values).includes('websocket');
}

/** `h2c`, `HTTP/2.0`, `TLS/1.0`: clients offer them to every server, and no listener of `upgrade` speaks them. */
const HTTP_ITSELF = /^(?:h2c?|http|tls)(?:\/|$)/;

/** Whether the request offers nothing that an upgrade listener could want: HTTP/1.1 may and does ignore such an offer. */
export function offersOnlyHttp(request: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  return offered(headerValues(request, 'upgrade')).every((protocol) => HTTP_ITSELF.test(protocol));
}

function offered(values: readonly string[]): string[] {
  const protocols = values.flatMap((value) => value.toLowerCase().split(','));
  return protocols.map((protocol) => protocol.trim()).filter((protocol) => protocol !== '');
}

/** Answers whether the upgrade is taken. One that is taken reaches no other listener. */
export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/**
 * Asks `take` about each upgrade of the server before its listeners hear of it. An event goes to every listener, and two that
 * answer write into one socket: `@fastify/websocket` sends each upgrade through the routes of the app, whose answer would stand in
 * our open WebSocket. Returns what undoes it.
 */
export function takeUpgrades(server: Server, take: TakeUpgrade): () => void {
  // Node hands out upgrades only where somebody listens.
  const listener = (): void => undefined;
  server.on('upgrade', listener);
  const inherited = server.emit.bind(server) as (...args: unknown[]) => boolean;
  let isOurs = true;
  server.emit = (...args: unknown[]): boolean => {
    const [event, request, socket, head] = args;
    if (isOurs && event === 'upgrade')
      if (take(request as IncomingMessage, socket as Duplex, head as Buffer)) return true;
    return inherited(...args);
  };
  return () => {
    isOurs = false;
    server.off('upgrade', listener);
  };
}

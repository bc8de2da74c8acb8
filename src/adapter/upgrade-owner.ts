import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
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

/** Whose an upgrade is: a gateway's, that of another listener, or nobody's, since it is ignored, put off or refused. */
export type UpgradeOwner = 'gateway' | 'other' | 'nobody';

export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => UpgradeOwner;

const NOTHING = Buffer.alloc(0);

/** Node 22.21, 24.9 and later ask it whether a request is an upgrade; one that is not is served as any other. */
interface AskingServer {
  shouldUpgradeCallback?: (this: Server, request: IncomingMessage) => boolean;
}

/** Has Node serve what `ignores` says as HTTP/1.1, where Node asks. Returns what undoes it. Node loses what is pipelined behind it. */
export function ignoreUpgrades(
  server: Server,
  ignores: (request: IncomingMessage) => boolean,
): () => void {
  const asking = server as AskingServer;
  const asked = asking.shouldUpgradeCallback;
  if (!asked) return () => undefined;
  const ask = (request: IncomingMessage): boolean =>
    asked.call(server, request) && !ignores(request);
  asking.shouldUpgradeCallback = ask;
  return () => {
    if (asking.shouldUpgradeCallback === ask) asking.shouldUpgradeCallback = asked;
  };
}

/**
 * Asks `take` about each upgrade of the server before its other listeners. They hear of one for a gateway with a socket that is
 * closed: an event goes to every listener, and two that answer write into one socket. `@fastify/websocket` sends each upgrade
 * through the routes of the app, whose answer would stand in our open WebSocket. Returns what undoes it.
 */
export function takeUpgrades(server: Server, take: TakeUpgrade): () => void {
  let isAsked = false;
  // Whoever wraps the listeners of the server calls this one.
  const listener = (...upgrade: Parameters<TakeUpgrade>): void => {
    if (!isAsked) take(...upgrade);
  };
  server.on('upgrade', listener);
  const inherited = server.emit.bind(server) as (...args: unknown[]) => boolean;
  const emitUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const owner = take(request, socket, head);
    if (owner === 'nobody' || server.listenerCount('upgrade') === 1) return;
    isAsked = true;
    try {
      if (owner === 'other') inherited('upgrade', request, socket, head);
      else inherited('upgrade', request, closedSocket(), NOTHING);
    } finally {
      isAsked = false;
    }
  };
  server.emit = (...args: unknown[]): boolean => {
    if (args[0] !== 'upgrade' || !server.listeners('upgrade').includes(listener))
      return inherited(...args);
    emitUpgrade(args[1] as IncomingMessage, args[2] as Duplex, args[3] as Buffer);
    return true;
  };
  return () => void server.off('upgrade', listener);
}

/** Takes what is written to it for lost, and fails nobody. */
function closedSocket(): Socket {
  return new Socket().on('error', () => undefined).destroy();
}

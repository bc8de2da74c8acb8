import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isHost, isSameHost, parseHost } from '../admission/origin.js';
import { Refusal } from '../admission/refusals.js';
import { parseRoomId, type RoomId } from '../admission/room-id.js';
import { headerValues, onlyValue } from '../admission/upgrade-request.js';
import type { Clock } from '../core/clock.js';

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

type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => UpgradeOwner;

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

type ForeignSocket = Duplex & { bytesWritten?: number };

interface Unclaimed {
  /** Not zero when the connection was kept alive after an ordinary answer. */
  readonly bytesBefore: number | undefined;
  readonly done: () => void;
}

/**
 * Upgrade requests that are not ours, while others listen too. Node times nobody out after `upgrade`, so a request that no
 * listener wants would stay open for ever: a listener that wants it has to have written something by the deadline.
 */
export class ForeignUpgrades {
  readonly #unclaimed = new Map<ForeignSocket, Unclaimed>();

  constructor(
    private readonly clock: Clock,
    private readonly deadlineMs: number,
  ) {}

  /** `done` is called once: when the request is seen to be claimed, or is gone. */
  wait(socket: ForeignSocket, done: () => void): void {
    this.#unclaimed.set(socket, { bytesBefore: socket.bytesWritten, done });
    const cancel = this.clock.setTimer(() => {
      this.#letGoIfClaimed(socket);
      if (this.#unclaimed.has(socket)) socket.destroy();
    }, this.deadlineMs);
    socket.once('close', () => {
      cancel();
      this.#letGo(socket);
    });
  }

  /** Lets go of the requests that were claimed. Answers whether there was one. */
  letGoClaimed(): boolean {
    const before = this.#unclaimed.size;
    for (const socket of this.#unclaimed.keys()) this.#letGoIfClaimed(socket);
    return this.#unclaimed.size < before;
  }

  #letGoIfClaimed(socket: ForeignSocket): void {
    const isClaimed =
      socket.writableEnded || socket.bytesWritten !== this.#unclaimed.get(socket)?.bytesBefore;
    if (isClaimed) this.#letGo(socket);
  }

  #letGo(socket: ForeignSocket): void {
    const unclaimed = this.#unclaimed.get(socket);
    this.#unclaimed.delete(socket);
    unclaimed?.done();
  }
}

/** Remembers a socket as it is; the answer tells later whether a listener has written to it, read from it or ended it. */
export function watchTouch(socket: ForeignSocket): () => boolean {
  const { bytesWritten } = socket;
  const listening = readers(socket);
  return () =>
    socket.destroyed ||
    socket.writableEnded ||
    socket.bytesWritten !== bytesWritten ||
    readers(socket) !== listening ||
    (socket as { _httpMessage?: unknown })._httpMessage != null;
}

function readers(socket: ForeignSocket): number {
  return socket.listenerCount('data') + socket.listenerCount('readable');
}

const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** The request itself, before anything in it is believed: RFC 6455 §4.2.1, and nothing that two parsers could read in two ways. */
export function checkUpgrade(request: IncomingMessage): Refusal | undefined {
  const { method, httpVersion } = request;
  if (method !== 'GET') return new Refusal('method_not_allowed');
  const hasHost = isHost(onlyValue(request, 'host') ?? '');
  if (httpVersion !== '1.1' || !hasHost || hasBody(request) || hasUnseen(request))
    return new Refusal('bad_request');
  const key = onlyValue(request, 'sec-websocket-key');
  const isWellFormed =
    key !== undefined && KEY.test(key) && onlyValue(request, 'sec-websocket-version') === '13';
  return isWellFormed ? undefined : new Refusal('bad_upgrade');
}

export function hasBody(request: IncomingMessage): boolean {
  const lengths = headerValues(request, 'content-length');
  return (
    lengths.some((length) => length !== '0') ||
    headerValues(request, 'transfer-encoding').length > 0
  );
}

/** Node's own, unless the app has set `maxHeadersCount`. Its documentation says twice as many. */
const NODE_MAX_HEADERS = 1_000;

/** Node leaves out, and says nothing of, headers beyond a number: a second token or a body would not be seen. */
export function hasUnseen({ rawHeaders, socket }: IncomingMessage): boolean {
  const { maxHeadersCount } = (socket as { server?: Server }).server ?? {};
  const most = maxHeadersCount ?? NODE_MAX_HEADERS;
  return most > 0 && rawHeaders.length >= 2 * most;
}

/** A gateway's path: literal segments and exactly one `:room`, for example `/orders/:room` or `/v1/:room`. */
export interface PathPattern {
  readonly text: string;
  /** Matches its paths as the bytes stand; its one group is what could be the room id. */
  readonly expression: RegExp;
}

const ROOM = ':room';
const LITERAL = /^[A-Za-z0-9_-]+$/;

/** The pattern, or undefined when the text is none: other characters, no `:room`, or a literal that could be a room id. */
export function parsePattern(text: string): PathPattern | undefined {
  if (!text.startsWith('/')) return undefined;
  const segments = text.slice(1).split('/');
  const rooms = segments.filter((segment) => segment === ROOM).length;
  const literals = segments.filter((segment) => segment !== ROOM);
  if (rooms !== 1 || !literals.every((literal) => LITERAL.test(literal) && !parseRoomId(literal)))
    return undefined;
  // Nothing in a literal means anything to a regular expression.
  const parts = segments.map((segment) => (segment === ROOM ? '([0-9A-Fa-f-]{36})' : segment));
  return { text, expression: new RegExp(`^/${parts.join('/')}$`) };
}

/** The request target split at the question mark, as the bytes stand: `new URL` would map `//evil`, `\` and `%2e` onto our paths. */
export function splitTarget(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark === -1
    ? { path: url, query: '' }
    : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

const ABSOLUTE = /^https?:\/\/([^/?#]*)(\/.*)$/is;

/**
 * Path and query of a request. A target in absolute form (RFC 9112 §3.2.2) counts when its host is that of the one `Host`; any
 * other stays as it is, and no path that we serve is like it.
 */
export function targetOf(request: Pick<IncomingMessage, 'url' | 'rawHeaders'>): {
  path: string;
  query: string;
} {
  const { url = '' } = request;
  if (url.startsWith('/')) return splitTarget(url);
  const [, authority = '', path = ''] = ABSOLUTE.exec(url) ?? [];
  const isOwn = isSameHost(parseHost(authority), parseHost(onlyValue(request, 'host') ?? ''));
  return splitTarget(isOwn ? path : url);
}

/** The room a path names under the pattern, or undefined when it is not the pattern's. */
export function matchPath(pattern: PathPattern, path: string): RoomId | undefined {
  return parseRoomId(pattern.expression.exec(path)?.[1]);
}

import * as http from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { checkHost, ownHost } from '../admission/origin.js';
import { Refusal } from '../admission/refusals.js';
import type { RoomId } from '../admission/room-id.js';
import { headerValues, NodeUpgradeRequest } from '../admission/upgrade-request.js';
import type { RoomSocket } from '../connection/ws-socket.js';
import { newUuid } from '../core/uuid.js';
import type { AdapterPorts, PlainServer } from './ports.js';
import {
  hintOf,
  refusalEvent,
  type RefusalResponse,
  renderRefusal,
  writeRefusal,
} from './refusal.js';
import type { RoomServer } from './room-server.js';
import {
  checkUpgrade,
  ForeignUpgrades,
  hasBody,
  hasUnseen,
  ignoreUpgrades,
  matchPath,
  offersOnlyHttp,
  offersWebSocket,
  takeUpgrades,
  targetOf,
  type UpgradeOwner,
  watchTouch,
} from './upgrade-checks.js';
import { addressGroup, UpgradeLimits } from './upgrade-limits.js';
import { Handshake, PendingUpgrade, WaitingUpgrades } from './verify-client.js';

/** Owns the upgrades of the app's HTTP servers: path to gateway, rows 1 to 3 of the verdict table, then the handshake. */
export class UpgradeDispatch {
  readonly rooms: RoomServer[] = [];
  readonly #servers = new Map<Server, () => void>();
  readonly #waiting: WaitingUpgrades;
  readonly #handshake: Handshake;
  readonly #limits: UpgradeLimits;
  readonly #foreign: ForeignUpgrades;

  constructor(
    private readonly ports: AdapterPorts,
    private readonly plain: () => readonly PlainServer[],
    /** Told of a server that hands requests to the app, but whose upgrades do not come here. */
    private readonly onUnknownServer: (server: Server) => void,
  ) {
    const { options, clock } = ports;
    this.#foreign = new ForeignUpgrades(clock, options.foreignUpgradeMs);
    this.#limits = new UpgradeLimits(options, () => clock.elapsed());
    this.#waiting = new WaitingUpgrades(this.#limits.pending);
    this.#handshake = new Handshake(ports, {
      refuse: ({ message, socket, destination }, refusal) =>
        this.#refuse(message, socket, refusal, destination.rules.roomName),
      open: (client, upgrade) => this.#open(client, upgrade),
    });
  }

  /** Takes the upgrades of a server that serves the app; once, however often it is called. */
  serve(server: Server): void {
    if (this.#servers.has(server)) return;
    const undo = [
      takeUpgrades(server, (...upgrade) => this.#take(server, ...upgrade)),
      // Node 26 reads a body itself, so that the request cannot be put back in front of it.
      ignoreUpgrades(server, (request) => this.#isIgnored(server, request) && hasBody(request)),
    ];
    this.#servers.set(server, () => undo.forEach((each) => each()));
  }

  /**
   * The answer to a GET or HEAD of a room path that no route of the app answered (row 3), with the limits of an upgrade: host
   * (row 4), then attempts of the address (row 5). Undefined for everything else.
   */
  answerPlainGet(request: IncomingMessage): RefusalResponse | undefined {
    // An upgrade that another listener sends through the routes of the app is not ours to answer.
    if (isUpgrade(request) || (request.method !== 'GET' && request.method !== 'HEAD'))
      return undefined;
    const match = this.#match(targetOf(request).path);
    if (!match) return undefined;
    const { options, audit } = this.ports;
    const refusal =
      this.#refuseUnknown(request) ??
      (options.allowedHosts.length === 0
        ? undefined
        : checkHost(
            ownHost((name) => plainValues(request, name), options),
            options,
          )) ??
      (this.#limits.isInPace(this.#addressOf(request))
        ? new Refusal('upgrade_required')
        : new Refusal('too_many_upgrades'));
    const requestId = newUuid();
    audit.record(refusalEvent(refusal, requestId, request, match.server.route.rules.roomName));
    return renderRefusal(refusal, options, requestId);
  }

  /** A good upgrade that came as a request, since nothing listens for upgrades of its server. The next one does not. */
  #refuseUnknown(request: IncomingMessage): Refusal | undefined {
    const { server } = request.socket as { server?: Server };
    const isKnown = !server || request.httpVersionMajor !== 1 || this.#servers.has(server);
    if (isKnown || !offersWebSocket(request)) return undefined;
    this.onUnknownServer(server);
    return new Refusal('unavailable');
  }

  #match(path: string): { server: RoomServer; room: RoomId } | undefined {
    for (const server of this.rooms) {
      const room = matchPath(server.pattern, path);
      if (room) return { server, room };
    }
    return undefined;
  }

  /** Answers those who still wait for a verdict, and lets everybody go who is not a connection. */
  destroy(): void {
    for (const undo of this.#servers.values()) undo();
    this.#servers.clear();
    this.#waiting.destroy();
    this.#handshake.close();
  }

  #take(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): UpgradeOwner {
    // First of all: without a listener a reset would be an uncaught exception, and ws listens only later, if ever.
    socket.on('error', destroySocket);
    try {
      if (!earlierResponse(request.socket)) return this.#dispatch(server, request, socket, head);
      this.#postpone(server, request, socket, head);
    } catch {
      socket.destroy();
    }
    return 'nobody';
  }

  /** Until the connection owes no response to earlier requests. */
  #postpone(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = this.#addressOf(request);
    // A refusal would stand before the response that is owed.
    if (!this.#hasUnclaimed(address)) return void socket.destroy();
    const { unclaimed } = this.#limits;
    unclaimed.take(address);
    this.#waiting.keep(socket);
    const cancel = this.ports.clock.setTimer(
      () => socket.destroy(),
      this.ports.options.foreignUpgradeMs,
    );
    const over = (): void => {
      cancel();
      unclaimed.giveBack(address);
      this.#waiting.letGo(socket);
      socket.off('error', destroySocket);
      socket.off('close', over);
    };
    socket.on('close', over);
    afterEarlier(request.socket, () => {
      if (socket.destroyed) return;
      over();
      // A response with `Connection: close` has ended it.
      if (socket.writable) server.emit('upgrade', request, socket, head);
      else socket.destroy();
    });
  }

  #dispatch(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): UpgradeOwner {
    const { path, query } = targetOf(request);
    const isOffered = offersWebSocket(request);
    const match = isOffered ? this.#match(path) : undefined;
    if (match) {
      this.#ask(match, request, socket, head, query);
      return 'gateway';
    }
    return isOffered && request.httpVersion !== '1.0'
      ? this.#passOn(server, request, socket, head, path)
      : this.#ignore(server, request, socket, head);
  }

  /**
   * Whether HTTP/1.1 serves the request without an upgrade, as it may (RFC 9110 §7.8) and for HTTP/1.0 has to. On the path of a room
   * row 3 answers HTTP/1.0. An offer that is neither WebSocket nor of HTTP itself may be for another listener.
   */
  #isIgnored(server: Server, request: IncomingMessage): boolean {
    if (offersWebSocket(request))
      return request.httpVersion === '1.0' && !this.#match(targetOf(request).path);
    return request.httpVersion === '1.0' || isAlone(server) || offersOnlyHttp(request);
  }

  /** An upgrade for one of our rooms. */
  #ask(
    { server, room }: { server: RoomServer; room: RoomId },
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    query: string,
  ): void {
    const refusal = this.ports.drain.isDraining ? new Refusal('draining') : checkUpgrade(request);
    const { rules } = server.route;
    if (refusal) return this.#refuse(request, socket, refusal, rules.roomName);
    const address = this.#addressOf(request);
    if (!this.#limits.mayKnock(address))
      return this.#refuse(request, socket, new Refusal('too_many_upgrades'), rules.roomName);
    const encrypted = Boolean((socket as { encrypted?: boolean }).encrypted);
    const asked = new NodeUpgradeRequest(request, query, encrypted);
    const destination = { room, rules };
    const upgrade = new PendingUpgrade(request, socket, head, server, asked, destination, address);
    const turn = this.ports.admission.turn();
    if (turn) this.#queue(turn, upgrade);
    else this.#knock(upgrade);
  }

  /** Until its turn comes: before anything else is made for it, or a storm would make that for thousands in one turn. */
  #queue(turn: Promise<void>, upgrade: PendingUpgrade): void {
    const { message, socket, destination } = upgrade;
    upgrade.answer = (refusal) =>
      this.#refuse(message, socket, refusal, destination.rules.roomName);
    this.#waiting.add(upgrade);
    void turn.then(() => {
      upgrade.answer = undefined;
      upgrade.onAnswered?.();
      if (this.#waiting.letGo(socket) && !socket.writableEnded) this.#knock(upgrade);
    });
  }

  #knock(upgrade: PendingUpgrade): void {
    this.#handshake.begin(upgrade);
    if (upgrade.answer) this.#waiting.add(upgrade);
  }

  #open(client: RoomSocket, upgrade: PendingUpgrade): void {
    const { admitted, message, server, socket, address } = upgrade;
    if (!admitted) return client.terminate();
    this.#limits.opened(address, socket);
    upgrade.admitted = undefined;
    this.#waiting.letGo(socket);
    const { query } = upgrade.request;
    const ip = this.ports.addresses.of(message);
    const arrival = { socket, ip, query, headers: message.headers };
    this.ports.entrance.open(client, arrival, admitted, server);
  }

  /** An upgrade to WebSocket that is for none of our rooms. */
  #passOn(
    server: Server,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    path: string,
  ): UpgradeOwner {
    const plain = this.plain().find((each) => each.path === path);
    if (plain) {
      plain.handleUpgrade(request, socket, head, (client) =>
        plain.emit('connection', client, request),
      );
      return 'gateway';
    }
    if (!isAlone(server)) return this.#leave(request, socket);
    const isPath = path.startsWith('/');
    const code = this.ports.drain.isDraining ? 'draining' : isPath ? 'not_found' : 'bad_request';
    this.#refuse(request, socket, new Refusal(code));
    return 'nobody';
  }

  /** Leaves the request to the other listeners, for so long as one of them may take to claim it; not, when too many wait. */
  #leave(request: IncomingMessage, socket: Duplex): UpgradeOwner {
    const address = this.#addressOf(request);
    if (!this.#limits.isInPace(address) || !this.#hasUnclaimed(address)) {
      this.#refuse(request, socket, new Refusal('too_many_upgrades'));
      return 'nobody';
    }
    this.#awaitClaim(socket, address);
    return 'other';
  }

  #awaitClaim(socket: Duplex, address: string): void {
    const { unclaimed } = this.#limits;
    this.#waiting.keep(socket);
    unclaimed.take(address);
    this.#foreign.wait(socket, () => unclaimed.giveBack(address));
  }

  /** Nothing tells of a claim, so claims are looked for when there is no slot. */
  #hasUnclaimed(address: string): boolean {
    const { unclaimed } = this.#limits;
    return unclaimed.hasOne(address) || (this.#foreign.letGoClaimed() && unclaimed.hasOne(address));
  }

  /** An upgrade that is to be ignored, unless another listener takes it. */
  #ignore(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): UpgradeOwner {
    // What the request says of its body may be among the headers that Node left out.
    if (hasUnseen(request)) {
      this.#refuse(request, socket, new Refusal('bad_request'));
      return 'nobody';
    }
    const serve = (): void => {
      socket.off('error', destroySocket);
      // Newer versions of Node read a body themselves, and put a stream in the place of the socket.
      if (socket === request.socket) serveAsHttp(server, request, socket, head);
      else socket.destroy();
    };
    if (this.#isIgnored(server, request)) {
      serve();
      return 'nobody';
    }
    const isTouched = watchTouch(socket);
    setImmediate(() => {
      const address = this.#addressOf(request);
      if (!isTouched()) serve();
      // It may be written to by now, so it cannot be refused any more.
      else if (!this.#hasUnclaimed(address)) socket.destroy();
      else if (!socket.destroyed) this.#awaitClaim(socket, address);
    });
    return 'other';
  }

  /** The group of addresses it counts for. */
  #addressOf(request: IncomingMessage): string {
    return addressGroup(this.ports.addresses.of(request));
  }

  #refuse(request: IncomingMessage, socket: Duplex, refusal: Refusal, roomName?: string): void {
    const { audit, options } = this.ports;
    const requestId = newUuid();
    const event = refusalEvent(refusal, requestId, request, roomName);
    audit.record(event);
    if (refusal.failure) this.ports.failed(refusal, `request ${requestId}`);
    const hint = hintOf(event, options.strict);
    const { method } = request;
    writeRefusal(socket, { refusal, options, requestId, hint, method });
  }
}

/** Whether Node handed the request out as an upgrade: its socket has an owner, and nothing is served over it as HTTP. */
function isUpgrade(request: IncomingMessage): boolean {
  return (request as { upgrade?: boolean }).upgrade === true;
}

/** Whether nobody but us listens for upgrades of the server. */
function isAlone(server: Server): boolean {
  return server.listenerCount('upgrade') === 1;
}

/** The host of an HTTP/2 request stands in a header of its own (RFC 9113 §8.3.1). */
function plainValues(request: IncomingMessage, name: string): readonly string[] {
  const isHost2 = name === 'host' && request.httpVersionMajor === 2;
  const values = isHost2 ? headerValues(request, ':authority') : [];
  return values.length > 0 ? values : headerValues(request, name);
}

function destroySocket(this: Duplex): void {
  this.destroy();
}

/**
 * The response that the connection still owes to a request before this one (pipelining, RFC 9112 §9.3.2). Node hands out the
 * upgrade without waiting for it, and writes it when it is there, be it into an open WebSocket.
 */
function earlierResponse(socket: Duplex): ServerResponse | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

/** Calls `next` when the connection owes no response to an earlier request; never, when it closes before. */
function afterEarlier(socket: Duplex, next: () => void): void {
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
function serveAsHttp(
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

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refusal } from '../admission/refusals.js';
import type { RoomId } from '../admission/room-id.js';
import { NodeUpgradeRequest } from '../admission/upgrade-request.js';
import type { RoomSocket } from '../connection/room-socket.js';
import { newUuid } from '../roomgate.uuid.js';
import { awaitClaim } from './foreign-upgrade.js';
import { letGoUnread } from './half-closed.js';
import { Handshake } from './handshake.js';
import { addressGroup, addressOf } from './peer-address.js';
import { PendingUpgrade } from './pending-upgrade.js';
import type { PlainServer } from './plain-server.js';
import type { AdapterPorts } from './ports.js';
import { writeRefusal } from './refusal.js';
import { hintOf, refusalEvent } from './refusal-event.js';
import { matchPath, splitTarget } from './request-target.js';
import type { RoomServer } from './room-server.js';
import { checkUpgrade, isWebSocketUpgrade } from './upgrade-checks.js';
import { UpgradeLimits } from './upgrade-limits.js';
import { WaitingUpgrades } from './waiting-upgrades.js';

/** Owns the `upgrade` event of the app's HTTP server: path to gateway, rows 1 to 3 of the verdict table, then the handshake. */
export class UpgradeDispatch {
  readonly rooms: RoomServer[] = [];
  readonly #waiting: WaitingUpgrades;
  readonly #onEnd: (this: Duplex) => void;
  readonly #handshake: Handshake;
  readonly #limits: UpgradeLimits;

  constructor(
    private readonly ports: AdapterPorts,
    private readonly plain: () => readonly PlainServer[],
    private readonly isAlone: () => boolean,
  ) {
    this.#limits = new UpgradeLimits(ports.options, () => ports.clock.elapsed());
    this.#waiting = new WaitingUpgrades(this.#limits);
    const { closeTimeoutMs } = ports.options;
    this.#onEnd = function () {
      letGoUnread(this, ports.clock, closeTimeoutMs);
    };
    this.#handshake = new Handshake(ports, {
      refuse: ({ message, socket, destination }, refusal) =>
        this.#refuse(message, socket, refusal, destination.rules.roomName),
      open: (client, upgrade) => this.#open(client, upgrade),
    });
  }

  /** The listener of `upgrade`. */
  readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // First of all: without a listener a reset would be an uncaught exception, and ws listens only later, if ever.
    socket.on('error', destroySocket);
    try {
      this.#dispatch(request, socket, head);
    } catch {
      socket.destroy();
    }
  };

  /** The room server whose path the request target is. */
  find(url: string): RoomServer | undefined {
    return this.#match(splitTarget(url).path)?.server;
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
    this.#waiting.destroy();
    this.#handshake.close();
  }

  #dispatch(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { path, query } = splitTarget(request.url ?? '');
    const match = isWebSocketUpgrade(request) ? this.#match(path) : undefined;
    if (!match) return this.#passOn(request, socket, head, path);
    const { server, room } = match;
    const refusal = this.ports.drain.isDraining ? new Refusal('draining') : checkUpgrade(request);
    const { rules } = server.route;
    if (refusal) return this.#refuse(request, socket, refusal, rules.roomName);
    // A call to the system, which strangers get only where it can keep them out.
    const address = this.#limits.tellApart ? addressGroup(this.#ipOf(request)) : '';
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
    socket.on('end', this.#onEnd);
    const { query } = upgrade.request;
    const ip = this.#ipOf(message);
    this.ports.open(client, { socket, ip, query, headers: message.headers }, admitted, server);
  }

  #passOn(request: IncomingMessage, socket: Duplex, head: Buffer, path: string): void {
    const plain = this.plain().find((server) => server.path === path);
    if (plain) {
      plain.handleUpgrade(request, socket, head, (client) =>
        plain.emit('connection', client, request),
      );
    } else if (!this.isAlone()) {
      this.#waiting.keep(socket);
      awaitClaim(socket, this.ports.clock, this.ports.options.foreignUpgradeMs);
    } else if (this.ports.drain.isDraining) this.#refuse(request, socket, new Refusal('draining'));
    else {
      const code = path.startsWith('/') ? 'not_found' : 'bad_request';
      this.#refuse(request, socket, new Refusal(code));
    }
  }

  #ipOf(request: IncomingMessage): string | undefined {
    return addressOf(request, this.ports.options.trustProxyHops);
  }

  #refuse(request: IncomingMessage, socket: Duplex, refusal: Refusal, roomName?: string): void {
    const { audit, options } = this.ports;
    const requestId = newUuid();
    const event = refusalEvent(refusal, requestId, request, roomName);
    audit.record(event);
    writeRefusal(socket, refusal, options, requestId, hintOf(event, options.strict));
  }
}

function destroySocket(this: Duplex): void {
  this.destroy();
}

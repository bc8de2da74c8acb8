import type { Arrival } from './adapter/ports.js';
import type { RoomServer } from './adapter/room-server.js';
import type { Admitted } from './admission/admission.js';
import type { SubjectLimit } from './admission/subject-limit.js';
import { carryHeaders } from './connection/carried-headers.js';
import { CLOSE_CODES } from './connection/close-codes.js';
import type { ConnectionAudit } from './connection/connection-audit.js';
import type { ConnectionPorts } from './connection/connection-ports.js';
import { RoomConnection } from './connection/connection.js';
import { encodeTextFrame } from './connection/frame.js';
import { encodeHello } from './connection/greetings.js';
import type { Heartbeat } from './connection/heartbeat.js';
import type { Registry } from './connection/registry.js';
import type { RoomSocket } from './connection/room-socket.js';
import { parsePositionQuery } from './gateway/control-data.js';
import type { Rooms } from './room/rooms.js';
import type { Clock } from './roomgate.clock.js';
import { newUuid } from './roomgate.uuid.js';

export interface EntrancePorts {
  readonly clock: Clock;
  readonly registry: Registry;
  readonly subjects: SubjectLimit;
  readonly heartbeat: Heartbeat;
  readonly rooms: Rooms;
  readonly audit: ConnectionAudit;
  readonly connection: ConnectionPorts;
  readonly carriedHeaders: readonly string[];
  readonly maxMessageBytes: number;
}

/** The step from an admitted socket to a connection that is a member of its room. */
export class Entrance {
  constructor(private readonly ports: EntrancePorts) {}

  /** Makes the connection of an admitted socket, in the turn of its 101: registered, in its room, greeted, known to the gateways. */
  open(
    client: RoomSocket,
    { socket, ip, query, headers }: Arrival,
    admitted: Admitted,
    server: RoomServer,
  ): void {
    const init = {
      id: newUuid(),
      ip,
      headers: carryHeaders(headers, this.ports.carriedHeaders),
      principal: admitted.principal,
      roomId: admitted.room,
      table: server.route.table,
      rules: server.route.rules,
    };
    const connection = new RoomConnection(init, client, socket, this.ports.connection);
    client.bind(connection);
    this.ports.registry.add(connection);
    this.ports.heartbeat.begin(connection);
    const now = this.ports.clock.now();
    const { maxMessageBytes } = this.ports;
    const position = this.ports.rooms.positionIn(admitted.key);
    // Before anybody else can say something to it.
    socket.write(encodeTextFrame(encodeHello(connection, now, maxMessageBytes, position)));
    const since = parsePositionQuery(query);
    this.ports.rooms.authority.enter(connection, admitted, since);
    // Behind the newcomer, so that a subject that has only changed its connection is present all the while.
    this.#replaceOldest(connection);
    this.ports.audit.admitted(connection);
    const { hooks } = server.route.table;
    if (hooks.connect > 0) connection.awaitHooks(hooks.connect);
    try {
      server.greet(connection);
    } catch (error) {
      // A listener of the application: the socket is destroyed for it, and hooks behind it are never called.
      connection.hooksSkipped();
      throw error;
    }
  }

  /**
   * Only now, when the newcomer is in: nobody is closed for one who is refused. First those go that were told to already, without
   * being waited for any longer.
   */
  #replaceOldest(newcomer: RoomConnection): void {
    const { principal } = newcomer;
    const { registry, subjects } = this.ports;
    let excess = subjects.excessOf(principal.identity);
    if (excess <= 0) return;
    const own = [...registry.ofSubject(principal.identity)];
    for (const connection of own.filter(({ isActive }) => !isActive).slice(0, excess)) {
      connection.hangUp();
      excess -= 1;
    }
    const oldest = own.find((connection) => connection.isOpen && connection !== newcomer);
    if (excess > 0) oldest?.end(CLOSE_CODES.replaced);
  }
}

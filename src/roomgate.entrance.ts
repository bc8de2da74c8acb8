import type { Arrival } from './adapter/ports.js';
import type { RoomServer } from './adapter/room-server.js';
import type { Admitted } from './admission/admission.js';
import type { SubjectLimit } from './admission/subject-limit.js';
import { carryHeaders } from './connection/carried-headers.js';
import { CLOSE_CODES } from './connection/close-codes.js';
import { ConnectGate } from './connection/connect-gate.js';
import type { ConnectionAudit } from './connection/connection-audit.js';
import type { ConnectionPorts } from './connection/connection-ports.js';
import { RoomConnection } from './connection/connection.js';
import { encodeTextFrame } from './connection/frame.js';
import { encodeHello } from './connection/greetings.js';
import type { Heartbeat } from './connection/heartbeat.js';
import type { Registry } from './connection/registry.js';
import type { RoomSocket } from './connection/room-socket.js';
import type { TimingWheel } from './connection/timing-wheel.js';
import { parsePositionQuery } from './gateway/control-data.js';
import type { Rooms } from './room/rooms.js';
import type { Clock } from './roomgate.clock.js';
import { newUuid } from './roomgate.uuid.js';

export interface EntrancePorts {
  readonly clock: Clock;
  readonly registry: Registry;
  readonly subjects: SubjectLimit;
  readonly wheel: TimingWheel;
  readonly heartbeat: Heartbeat;
  readonly rooms: Rooms;
  readonly audit: ConnectionAudit;
  readonly connection: ConnectionPorts;
  readonly carriedHeaders: readonly string[];
  readonly maxMessageBytes: number;
  readonly handlerTimeoutMs: number;
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
    const { maxMessageBytes, handlerTimeoutMs } = this.ports;
    const position = this.ports.rooms.positionIn(admitted.key);
    // Before anybody else can say something to it.
    socket.write(encodeTextFrame(encodeHello(connection, now, maxMessageBytes, position)));
    const since = parsePositionQuery(query);
    this.ports.rooms.authority.enter(connection, admitted, since);
    // Behind the newcomer, so that a subject that has only changed its connection is present all the while.
    this.#replaceOldest(connection);
    this.ports.audit.admitted(connection);
    const { hooks } = server.route.table;
    const dueAt = this.ports.clock.elapsed() + handlerTimeoutMs;
    if (hooks.connect > 0)
      connection.gate = new ConnectGate(connection, hooks.connect, this.ports.wheel, dueAt);
    server.greet(connection);
  }

  /** Only now, when the newcomer is in: nobody is closed for one who is refused. */
  #replaceOldest({ principal }: RoomConnection): void {
    const { registry, subjects } = this.ports;
    if (!subjects.isOver(principal.identity)) return;
    const oldest = [...registry.ofSubject(principal.identity)].find(({ isOpen }) => isOpen);
    oldest?.end(CLOSE_CODES.replaced);
  }
}

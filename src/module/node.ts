import type { AdapterPorts, Arrival } from '../adapter/ports.js';
import type { RoomServer } from '../adapter/room-server.js';
import { UpgradeLimits } from '../adapter/upgrade-limits.js';
import { Admission, type Admitted } from '../admission/admission.js';
import { Audit, type AuditSink } from '../admission/audit.js';
import { BackChannelLogout } from '../admission/back-channel-logout.js';
import type { TokenExtractor } from '../admission/credential.js';
import type { RevocationStore } from '../admission/revocation.js';
import { RevocationService } from '../admission/revocation.service.js';
import { Revocations } from '../admission/revocations.js';
import { SubjectLimit } from '../admission/subject-limit.js';
import type { TokenVerifier } from '../admission/token-verifier.js';
import { carryHeaders } from '../connection/message.js';
import { CLOSE_CODES, encodeHello } from '../connection/system-messages.js';
import { ConnectionAudit } from '../connection/audit.js';
import type { ConnectionPorts } from '../connection/ports.js';
import { ServerConnection } from '../connection/connection.js';
import { Drain } from '../connection/drain.js';
import { encodeTextFrame } from '../connection/frame.js';
import { HandlerWatch, TimingWheel } from '../connection/timing-wheel.js';
import { Heartbeat } from '../connection/heartbeat.js';
import { kick, Registry } from '../connection/registry.js';
import { patience, Turn } from '../connection/outbox.js';
import type { RoomSocket } from '../connection/ws-socket.js';
import type { Clock } from '../core/clock.js';
import { attempt } from '../core/errors.js';
import { quote } from '../core/option-rules.js';
import { newUuid } from '../core/uuid.js';
import { parsePositionQuery } from '../gateway/control-events.js';
import { Dispatch } from '../gateway/dispatch.js';
import { Unsent } from '../gateway/message-context.js';
import type { RoomEngine } from '../room/engine/engine.js';
import type { Memberships } from '../room/membership.js';
import type { RoomService } from '../room/room.service.js';
import { Rooms } from '../room/rooms.js';
import { FailureLog } from './failures.js';
import type { RoomgateOptions } from './options.js';

/** The replaceable parts, which applications may bring. */
interface Seams {
  readonly clock: Clock;
  readonly extractor: TokenExtractor;
  readonly verifier: TokenVerifier;
  readonly engine: RoomEngine;
  readonly revocationStore: RevocationStore;
  readonly auditSink: AuditSink;
  /** Whether interceptors of the app stand around every handler. */
  readonly hasGlobalInterceptors: () => boolean;
  readonly logger: { warn(line: string): void; error(line: string): void };
}

/** One running process: the stages, wired to each other. Nothing in here knows of dependency injection. */
export class RoomgateNode {
  readonly clock: Clock;
  readonly registry = new Registry();
  /** Deadlines by `clock.elapsed()`. */
  readonly wheel: TimingWheel;
  /** Deadlines by `clock.now()`: the expiry of tokens. */
  readonly wallWheel: TimingWheel;
  readonly turn: Turn;
  readonly drain: Drain;
  readonly admission: Admission;
  readonly memberships: Memberships;
  readonly rooms: RoomService;
  readonly revocation: RevocationService;
  readonly subjects: SubjectLimit;
  readonly audit: Audit;
  readonly failures: FailureLog;
  readonly logout: BackChannelLogout;
  readonly #watch: HandlerWatch;
  readonly heartbeat: Heartbeat;
  readonly entrance: AdapterPorts['entrance'];
  readonly #rooms: Rooms;

  constructor(options: RoomgateOptions, seams: Seams) {
    const { clock } = seams;
    this.clock = clock;
    this.failures = new FailureLog(clock, seams.logger, options);
    const { failures } = this;
    this.audit = new Audit(seams.auditSink, clock, (error) =>
      failures.tellQuietly('The audit sink', error),
    );
    const audit = new ConnectionAudit(this.audit);
    const { verifier, revocationStore: store } = seams;
    const logoutFailed = (error: unknown, requestId?: string): void =>
      failures.tellQuietly('The back-channel logout', error, requestId && `request ${requestId}`);
    const atDoor = (): Promise<void> | undefined => this.admission.turn();
    const elapsed = (): number => clock.elapsed();
    // Issuers have no connections.
    const limits = new UpgradeLimits({ ...options, maxConnectionsPerAddress: 0 }, elapsed);
    this.logout = new BackChannelLogout(
      { clock, verifier, store, audit: this.audit, failed: logoutFailed, turn: atDoor, limits },
      options,
    );
    this.wheel = new TimingWheel(clock);
    this.wallWheel = new TimingWheel(clock, () => clock.now());
    this.turn = new Turn(() => clock.now());
    this.drain = new Drain(this.registry, clock, options);
    const { engine } = seams;
    const isStale = (): boolean => this.revocation.isStale();
    const { turn, wheel, registry } = this;
    const warn = (line: string, error: unknown): void => failures.warn(line, error);
    const admission = (): Admission => this.admission;
    const onUnknownOrder = (): void =>
      void this.revocation
        .refresh()
        .catch((error: unknown) => warn('Loading revocations again failed', error));
    const rooms = new Rooms(
      { clock, engine, turn, wheel, registry, audit, isStale, admission, warn, onUnknownOrder },
      options,
    );
    this.#rooms = rooms;
    this.memberships = rooms.memberships;
    const { settings } = rooms;
    this.rooms = rooms.service;
    const revocations = new Revocations(clock, options);
    this.revocation = new RevocationService({
      ...options,
      clock,
      store,
      revocations,
      onlyIssuer: options.issuers.length === 1 ? options.issuers[0]?.issuer : undefined,
      failed: (error) => failures.tellQuietly('The revocation store', error),
      disconnect: (target) => rooms.orders.disconnect(target),
      kick: (revocation) => {
        if (revocation.kind === 'block' || revocation.kind === 'subject')
          rooms.authority.lostEverywhere(revocation.identity);
        kick(revocation, revocations, registry, audit);
      },
    });
    const subjects = new SubjectLimit(options, registry);
    this.subjects = subjects;
    this.admission = new Admission(
      {
        ...seams,
        isDraining: () => this.drain.isDraining,
        isRevoked: (principal) => revocations.covers(principal),
        isStale,
        subjects,
        failed: (refusal, principal) =>
          failures.refused(refusal, principal && `subject ${quote(principal.subject)}`),
        generation: (key) => rooms.authority.generations.of(key),
        holdRoom: (key, { identity }) => this.memberships.hold(key, identity),
      },
      options,
    );
    this.#watch = new HandlerWatch(clock, options.handlerTimeoutMs);
    const report = (event: string, error: unknown): void =>
      failures.tell(`The handler of ${JSON.stringify(event)}`, error);
    const dispatch = new Dispatch({
      ...options,
      clock,
      watch: this.#watch,
      hasGlobalInterceptors: seams.hasGlobalInterceptors,
      admission: this.admission,
      rooms,
      audit,
      report,
      unsent: options.strict
        ? undefined
        : new Unsent((line) => attempt(() => seams.logger.warn(line))),
    });
    const heartbeat = (this.heartbeat = new Heartbeat(clock, options));
    const ports = {
      ...options,
      clock,
      wheel,
      wallWheel: this.wallWheel,
      slowReaderMs: patience(options.verdictDeadlineMs),
      turn: this.turn,
      registry,
      heartbeat,
      audit,
      mute: rooms.mute,
      settings,
      slowConsumerRule: (key) => settings.ofKey(key).slowConsumer,
      report: (what, error, connectionId) =>
        failures.tell(what, error, connectionId && `connection ${connectionId}`),
      gateway: dispatch,
      memberships: rooms.memberships,
      authority: rooms.authority,
    } satisfies ConnectionPorts;
    this.entrance = new Entrance({
      ...options,
      subjects,
      clock,
      registry,
      heartbeat,
      rooms,
      audit,
      connection: ports,
    });
  }

  async start(): Promise<void> {
    await this.revocation.start();
    await this.#rooms.start();
  }

  async stop(): Promise<void> {
    this.wheel.stop();
    this.wallWheel.stop();
    this.heartbeat.stop();
    this.#watch.stop();
    await this.revocation.stop();
    await this.#rooms.stop();
  }
}

/** The step from an admitted socket to a connection that is a member of its room. */
class Entrance {
  constructor(
    private readonly ports: {
      readonly clock: Clock;
      readonly registry: Registry;
      readonly subjects: SubjectLimit;
      readonly heartbeat: Heartbeat;
      readonly rooms: Rooms;
      readonly audit: ConnectionAudit;
      readonly connection: ConnectionPorts;
      readonly carriedHeaders: readonly string[];
      readonly maxMessageBytes: number;
    },
  ) {}

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
    const connection = new ServerConnection(init, client, socket, this.ports.connection);
    client.bind(connection);
    this.ports.registry.add(connection);
    this.ports.heartbeat.begin(connection);
    const now = this.ports.clock.now();
    const { maxMessageBytes } = this.ports;
    const position = this.ports.rooms.memberships.positionIn(admitted.key);
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
  #replaceOldest(newcomer: ServerConnection): void {
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

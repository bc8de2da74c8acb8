import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RoomServer } from './adapter/room-server.js';
import { Admission, type Admitted } from './admission/admission.js';
import { Audit, type AuditSink } from './admission/audit.js';
import { BackChannelLogout } from './admission/back-channel-logout.js';
import type { TokenExtractor } from './admission/bearer-token.js';
import type { Principal } from './admission/principal.js';
import { Revocations, type RevocationStore } from './admission/revocation.js';
import { RevocationService } from './admission/revocation.service.js';
import type { TokenVerifier } from './admission/token-verifier.js';
import { ConnectGate } from './connection/connect-gate.js';
import { carryHeaders } from './connection/carried-headers.js';
import { RoomConnection } from './connection/connection.js';
import { ConnectionAudit } from './connection/connection-audit.js';
import { newConnectionId } from './connection/connection-id.js';
import type { ConnectionPorts } from './connection/connection-ports.js';
import { Drain } from './connection/drain.js';
import { HandlerWatch } from './connection/handler-watch.js';
import { encodeHello } from './connection/greetings.js';
import { disconnect, kick } from './connection/kick.js';
import { Registry } from './connection/registry.js';
import type { RoomSocket } from './connection/room-socket.js';
import { TimingWheel } from './connection/timing-wheel.js';
import { Turn } from './connection/turn.js';
import { Dispatch } from './gateway/dispatch.js';
import { Refresh } from './gateway/refresh.js';
import { Unsent } from './gateway/unsent.js';
import { Authority } from './room/authority.js';
import { Delivery } from './room/delivery.js';
import type { RoomEngine } from './room/engine/engine.js';
import { Memberships } from './room/membership.js';
import { RoomService } from './room/room.service.js';
import type { Clock } from './roomgate.clock.js';
import { describeError } from './roomgate.errors.js';
import type { RoomgateOptions } from './roomgate.options.js';

/** The replaceable parts, which applications may bring. */
export interface Seams {
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
  readonly wheel: TimingWheel;
  readonly turn: Turn;
  readonly drain: Drain;
  readonly admission: Admission;
  readonly memberships: Memberships;
  readonly rooms: RoomService;
  readonly revocation: RevocationService;
  readonly audit: Audit;
  readonly logout: BackChannelLogout;
  readonly #watch: HandlerWatch;
  readonly #dispatch: Dispatch;
  readonly #ports: ConnectionPorts;
  readonly #audit: ConnectionAudit;

  constructor(
    private readonly options: RoomgateOptions,
    private readonly seams: Seams,
  ) {
    const { clock, engine } = seams;
    this.clock = clock;
    this.audit = new Audit(seams.auditSink, clock);
    this.#audit = new ConnectionAudit(this.audit);
    const { verifier, revocationStore: store } = seams;
    this.logout = new BackChannelLogout({ clock, verifier, store, audit: this.audit }, options);
    this.wheel = new TimingWheel(clock);
    this.turn = new Turn(() => clock.now());
    this.drain = new Drain(this.registry, clock, options.closeTimeoutMs);
    this.memberships = new Memberships(engine, this.turn, (line, error) =>
      this.seams.logger.warn(`${line}: ${describeError(error)}`),
    );
    const revocations = new Revocations(clock, options);
    const isRevoked = (principal: Principal): boolean => revocations.covers(principal);
    this.revocation = new RevocationService({
      clock,
      store,
      revocations,
      onlyIssuer: options.issuers.length === 1 ? options.issuers[0]?.issuer : undefined,
      disconnect: (target) => disconnect(target, this.registry),
      kick: (revocation) => kick(revocation, revocations, this.registry, this.#audit),
    });
    this.admission = new Admission(
      {
        ...seams,
        isDraining: () => this.drain.isDraining,
        isRevoked,
        generation: () => authority.generation,
        holdRoom: (key) => this.memberships.hold(key),
      },
      options,
    );
    const { verdictDeadlineMs: deadlineMs } = options;
    const within = { clock, deadlineMs };
    const authority = new Authority(this.admission, this.memberships, this.#audit, within);
    this.rooms = new RoomService(this.memberships, engine, this.registry, authority);
    this.#watch = new HandlerWatch(clock, options.handlerTimeoutMs);
    const unsent = new Unsent((line) => seams.logger.warn(line));
    this.#dispatch = new Dispatch({
      ...options,
      clock,
      watch: this.#watch,
      hasGlobalInterceptors: seams.hasGlobalInterceptors,
      rooms: this.rooms,
      refresh: new Refresh({
        audit: this.#audit,
        admission: this.admission,
        authority,
        clock,
        deadlineMs,
        maxFailures: options.maxStrikes,
        identityClaims: options.identityClaims,
        isRevoked,
      }),
      report: (event, error) => this.#report(`The handler of ${JSON.stringify(event)}`, error),
      warnUnsent: (event) => (options.strict ? undefined : unsent.tell(event)),
    });
    this.#ports = {
      clock,
      lifetime: { ...options, wheel: this.wheel, now: () => clock.now() },
      turn: this.turn,
      maxInboxMessages: options.maxInboxMessages,
      maxOutboxBytes: options.maxOutboxBytes,
      report: (hook, error) => this.#report(hook, error),
      receive: (connection, bytes, isBinary) => this.#dispatch.receive(connection, bytes, isBinary),
      handle: (connection, message) => this.#dispatch.handle(connection, message),
      closed: (connection, code) => this.#forget(connection, code),
    };
  }

  async start(): Promise<void> {
    await this.revocation.start();
    await this.seams.engine.start(new Delivery(this.memberships));
  }

  async stop(): Promise<void> {
    this.wheel.stop();
    this.#watch.stop();
    await this.revocation.stop();
    await this.seams.engine.stop();
  }

  /** Makes the connection of an admitted socket, in the turn of its 101: registered, in its room, greeted, known to the gateways. */
  open(
    client: RoomSocket,
    socket: Duplex,
    request: IncomingMessage,
    admitted: Admitted,
    server: RoomServer,
  ): void {
    const init = {
      id: newConnectionId(),
      ip: request.socket.remoteAddress,
      headers: carryHeaders(request.headers, this.options.carriedHeaders),
      principal: admitted.principal,
      roomId: admitted.room,
      table: server.route.table,
      rules: server.route.rules,
    };
    const connection = new RoomConnection(init, client, socket, this.#ports);
    client.bind(connection);
    this.registry.add(connection);
    const now = this.clock.now();
    const { maxMessageBytes, handlerTimeoutMs } = this.options;
    // Before anybody else can say something to it.
    connection.sendNow(encodeHello(connection, now, { maxMessageBytes }));
    this.memberships.join(connection, admitted);
    this.#audit.admitted(connection);
    const { hooks } = server.route.table;
    const dueAt = now + handlerTimeoutMs;
    if (hooks.connect > 0)
      connection.gate = new ConnectGate(connection, hooks.connect, this.wheel, dueAt);
    server.greet(connection);
  }

  #forget(connection: RoomConnection, code: number): void {
    this.#audit.closed(connection, code);
    this.registry.remove(connection);
    this.memberships.leaveAll(connection);
  }

  #report(what: string, error: unknown): void {
    this.seams.logger.error(`${what} failed: ${describeError(error)}`);
  }
}

import { UpgradeLimits } from './adapter/upgrade-limits.js';
import { Admission } from './admission/admission.js';
import { Audit, type AuditSink } from './admission/audit.js';
import { BackChannelLogout } from './admission/back-channel-logout.js';
import type { TokenExtractor } from './admission/bearer-token.js';
import { type RevocationStore } from './admission/revocation.js';
import { Revocations } from './admission/revocations.js';
import { RevocationService } from './admission/revocation.service.js';
import { SubjectLimit } from './admission/subject-limit.js';
import type { TokenVerifier } from './admission/token-verifier.js';
import type { RoomConnection } from './connection/connection.js';
import { ConnectionAudit } from './connection/connection-audit.js';
import type { ConnectionPorts } from './connection/connection-ports.js';
import { Drain } from './connection/drain.js';
import { HandlerWatch } from './connection/handler-watch.js';
import { Heartbeat } from './connection/heartbeat.js';
import { kick } from './connection/kick.js';
import { patience } from './connection/patience.js';
import { Registry } from './connection/registry.js';
import { TimingWheel } from './connection/timing-wheel.js';
import { Turn } from './connection/turn.js';
import { Dispatch } from './gateway/dispatch.js';
import { Control } from './gateway/control.js';
import { Unsent } from './gateway/unsent.js';
import type { RoomEngine } from './room/engine/engine.js';
import type { Memberships } from './room/membership.js';
import type { RoomService } from './room/room.service.js';
import { Rooms } from './room/rooms.js';
import type { Clock } from './roomgate.clock.js';
import { Entrance } from './roomgate.entrance.js';
import { attempt } from './roomgate.errors.js';
import { FailureLog } from './roomgate.failures.js';
import type { RoomgateOptions } from './roomgate.options.js';
import { quote } from './roomgate.rules.js';

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
  readonly #entrance: Entrance;
  readonly #audit: ConnectionAudit;
  readonly #rooms: Rooms;

  constructor(options: RoomgateOptions, seams: Seams) {
    const { clock } = seams;
    this.clock = clock;
    this.failures = new FailureLog(clock, seams.logger, options);
    const { failures } = this;
    this.audit = new Audit(seams.auditSink, clock, (error) =>
      failures.tellQuietly('The audit sink', error),
    );
    this.#audit = new ConnectionAudit(this.audit);
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
    const audit = this.#audit;
    const rooms = new Rooms(
      { clock, engine, turn, wheel, registry, audit, isStale, admission, warn, onUnknownOrder },
      options,
    );
    this.#rooms = rooms;
    this.memberships = rooms.memberships;
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
        kick(revocation, revocations, this.registry, this.#audit);
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
    const unsent = new Unsent((line) => attempt(() => seams.logger.warn(line)));
    const report = (event: string, error: unknown): void =>
      failures.tell(`The handler of ${JSON.stringify(event)}`, error);
    const dispatch = new Dispatch({
      ...options,
      clock,
      watch: this.#watch,
      hasGlobalInterceptors: seams.hasGlobalInterceptors,
      rooms: this.rooms,
      control: new Control({
        ...options,
        clock,
        admission: this.admission,
        rooms,
        audit: this.#audit,
        report,
      }),
      report,
      checkEvent: (...sent) => rooms.checkEvent(...sent),
      warnUnsent: (event) => (options.strict ? undefined : unsent.tell(event)),
    });
    const ports = {
      clock,
      wheel,
      slowReaderMs: patience(options.verdictDeadlineMs),
      handlerTimeoutMs: options.handlerTimeoutMs,
      closeTimeoutMs: options.closeTimeoutMs,
      lifetime: { ...options, clock, wheel: this.wheel, wallWheel: this.wallWheel },
      turn: this.turn,
      maxInboxMessages: options.maxInboxMessages,
      maxOutboxBytes: options.maxOutboxBytes,
      isMuted: () => rooms.isMuted(),
      slowConsumerRule: (key) => rooms.slowConsumerRule(key),
      checkEvent: (...sent) => rooms.checkEvent(...sent),
      report: (what, error, connectionId) =>
        failures.tell(what, error, connectionId && `connection ${connectionId}`),
      talks: (connection) => this.heartbeat.follow(connection),
      receive: (connection, bytes, isBinary) => dispatch.receive(connection, bytes, isBinary),
      handle: (connection, message) => dispatch.handle(connection, message),
      absent: (connection) => this.memberships.absent(connection),
      leave: (connection) => rooms.authority.leaveAll(connection),
      closed: (connection, code) => this.#forget(connection, code),
    } satisfies ConnectionPorts;
    this.heartbeat = new Heartbeat(clock, options);
    this.#entrance = new Entrance({
      ...options,
      subjects,
      clock,
      registry,
      heartbeat: this.heartbeat,
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

  /** @see Entrance.open */
  open(...args: Parameters<Entrance['open']>): void {
    this.#entrance.open(...args);
  }

  #forget(connection: RoomConnection, code: number): void {
    this.#audit.closed(connection, code);
    this.registry.remove(connection);
    this.heartbeat.forget(connection);
  }
}

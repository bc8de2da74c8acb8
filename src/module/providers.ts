import cluster from 'node:cluster';
import { type InjectionToken, Logger, type Provider, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { PeerAddresses } from '../adapter/upgrade-limits.js';
import type { AdapterPorts } from '../adapter/ports.js';
import { AuditSink } from '../admission/audit.js';
import { BackChannelLogout } from '../admission/back-channel-logout.js';
import { AuthorizationHeaderExtractor, TokenExtractor } from '../admission/credential.js';
import { loadIssuers } from '../admission/issuer.js';
import { JwtTokenVerifier, SignatureCache } from '../admission/jwt-token-verifier.js';
import { LogAuditSink } from '../admission/log-audit-sink.service.js';
import { MemoryRevocationStore, RevocationStore } from '../admission/revocation.js';
import { RevocationService } from '../admission/revocation.service.js';
import { RoomPolicy, RoomsClaimPolicy } from '../admission/room-policy.js';
import { TokenVerifier } from '../admission/token-verifier.js';
import { Clock, SystemClock } from '../core/clock.js';
import { ROOMGATE_ADAPTER_PORTS, ROOMGATE_OPTIONS } from '../core/constants.js';
import { attempt, RoomgateError } from '../core/errors.js';
import { defaultRoomGateway } from '../gateway/default-room.gateway.js';
import { RoomEngine } from '../room/engine/engine.js';
import { MemoryEngine } from '../room/engine/memory/memory.engine.js';
import { RoomService } from '../room/room.service.js';
import { createRoutes } from './gateway-scan.js';
import { RoomgateNode } from './node.js';
import { resolveOptions, type RoomgateModuleOptions, type RoomgateOptions } from './options.js';

/** What shapes the module itself and so has to be known before its options are: the same for `forRoot` and `forRootAsync`. */
export interface RoomgateModuleExtras {
  /** Makes `RoomService` injectable everywhere. Default true. */
  isGlobal?: boolean;
  /** Switches the ready-made gateway (`say`, `echo`) on at this path, for example `/:room`. Default off. */
  defaultGateway?: string;
  /** Replaces where a token is looked for. Default: the Authorization header. */
  extractor?: Type<TokenExtractor>;
  /** Replaces how a token is verified. Default: `JwtTokenVerifier` with the `issuers` of the options. */
  verifier?: Type<TokenVerifier>;
  /** Replaces the policy of gateways without one of their own. Default: the `rooms` claim. */
  policy?: Type<RoomPolicy>;
  /** Replaces where revocations are kept. Default: `MemoryRevocationStore`, one node, forgotten with the process. */
  revocationStore?: Type<RevocationStore>;
  /** Replaces where decisions are written down. Default: `LogAuditSink`, Nest's logger. */
  auditSink?: Type<AuditSink>;
  /** Switches OpenID Connect Back-Channel Logout on: the path to which issuers POST their logout tokens. Default off. */
  backChannelLogout?: string;
  /** Replaces what carries publications. Default: `MemoryEngine`, one node. */
  engine?: Type<RoomEngine>;
  /** Replaces the clock; for tests. */
  clock?: Type<Clock>;
}

/** The extras there are; the module builder takes them out of the options by these names. */
export const EXTRAS: RoomgateModuleExtras = {
  isGlobal: true,
  defaultGateway: undefined,
  extractor: undefined,
  verifier: undefined,
  policy: undefined,
  revocationStore: undefined,
  auditSink: undefined,
  backChannelLogout: undefined,
  engine: undefined,
  clock: undefined,
};

export const EXPORTS: InjectionToken[] = [
  ROOMGATE_OPTIONS,
  RoomService,
  RevocationService,
  RevocationStore,
  AuditSink,
  RoomEngine,
  RoomPolicy,
  TokenVerifier,
];

/** Everything the module provides: the seams, replaced or not, then the node that is built from them. */
export function provideRoomgate(
  moduleOptions: InjectionToken,
  extras: RoomgateModuleExtras,
): Provider[] {
  return [
    make(ROOMGATE_OPTIONS, (given: RoomgateModuleOptions) => resolveOptions(given), moduleOptions),
    { provide: Clock, useClass: extras.clock ?? SystemClock },
    { provide: TokenExtractor, useClass: extras.extractor ?? AuthorizationHeaderExtractor },
    extras.verifier
      ? { provide: TokenVerifier, useClass: extras.verifier }
      : make(TokenVerifier, createVerifier, ROOMGATE_OPTIONS),
    extras.policy
      ? { provide: RoomPolicy, useClass: extras.policy }
      : make(RoomPolicy, createPolicy, ROOMGATE_OPTIONS),
    extras.engine
      ? { provide: RoomEngine, useClass: extras.engine }
      : make(RoomEngine, createEngine, Clock, ROOMGATE_OPTIONS),
    { provide: RevocationStore, useClass: extras.revocationStore ?? MemoryRevocationStore },
    { provide: AuditSink, useClass: extras.auditSink ?? LogAuditSink },
    make(
      RoomgateNode,
      createNode,
      ROOMGATE_OPTIONS,
      Clock,
      TokenExtractor,
      TokenVerifier,
      RoomEngine,
      RevocationStore,
      AuditSink,
      ApplicationConfig,
    ),
    make(BackChannelLogout, (node: RoomgateNode) => node.logout, RoomgateNode),
    make(RevocationService, (node: RoomgateNode) => node.revocation, RoomgateNode),
    make(RoomService, (node: RoomgateNode) => node.rooms, RoomgateNode),
    make(
      ROOMGATE_ADAPTER_PORTS,
      createPorts,
      ROOMGATE_OPTIONS,
      RoomgateNode,
      RoomPolicy,
      ModulesContainer,
      HttpAdapterHost,
      ApplicationConfig,
    ),
    ...(extras.defaultGateway === undefined ? [] : [defaultRoomGateway(extras.defaultGateway)]),
  ];
}

function make(
  provide: InjectionToken,
  useFactory: (...parts: never[]) => unknown,
  ...inject: InjectionToken[]
): Provider {
  return { provide, useFactory: useFactory as (...parts: unknown[]) => unknown, inject };
}

function createVerifier({ issuers, strict, maxCachedSignatures }: RoomgateOptions): TokenVerifier {
  if (issuers.length === 0) {
    throw new RoomgateError(
      'unsafe_options',
      'Option "issuers" is empty and no "verifier" is given: nobody could get in. List at least one issuer with its keys.',
    );
  }
  const cache = new SignatureCache(maxCachedSignatures);
  return new JwtTokenVerifier(loadIssuers(issuers, strict), strict, cache);
}

function createEngine(clock: Clock, { maxHistoryBytes }: RoomgateOptions): RoomEngine {
  return new MemoryEngine(
    () => clock.now(),
    maxHistoryBytes,
    () => clock.elapsed(),
  );
}

function createPolicy({ allowWildcardRooms }: RoomgateOptions): RoomPolicy {
  return new RoomsClaimPolicy(allowWildcardRooms);
}

function createNode(
  options: RoomgateOptions,
  clock: Clock,
  extractor: TokenExtractor,
  verifier: TokenVerifier,
  engine: RoomEngine,
  revocationStore: RevocationStore,
  auditSink: AuditSink,
  config: ApplicationConfig,
): RoomgateNode {
  const logger = new Logger('Roomgate');
  warnOfOtherProcesses(engine, revocationStore, logger);
  return new RoomgateNode(options, {
    clock,
    extractor,
    verifier,
    engine,
    revocationStore,
    auditSink,
    hasGlobalInterceptors: () =>
      config.getGlobalInterceptors().length + config.getGlobalRequestInterceptors().length > 0,
    logger,
  });
}

/**
 * Rooms in memory end at the process. PM2 numbers the instances of an app in NODE_APP_INSTANCE, from 0: a higher one has others.
 * Replicas on other machines cannot be seen from here.
 */
function warnOfOtherProcesses(engine: RoomEngine, store: RevocationStore, logger: Logger): void {
  if (!cluster.isWorker && !(Number(process.env['NODE_APP_INSTANCE']) > 0)) return;
  const local = [
    ...(engine instanceof MemoryEngine ? ['MemoryEngine'] : []),
    ...(store instanceof MemoryRevocationStore ? ['MemoryRevocationStore'] : []),
  ];
  if (local.length === 0) return;
  logger.warn(
    `This process is one of several (${cluster.isWorker ? 'node:cluster' : 'PM2'}), but ${local.join(' and ')} reach${local.length === 1 ? 'es' : ''} this one alone: members on the others miss broadcasts or stay when they are revoked. Use ${local.map((name) => name.replace('Memory', 'Redis')).join(' and ')} of nestjs-roomgate/redis, or run one process.`,
  );
}

function createPorts(
  options: RoomgateOptions,
  node: RoomgateNode,
  policy: RoomPolicy,
  modules: ModulesContainer,
  host: HttpAdapterHost,
  config: ApplicationConfig,
): AdapterPorts {
  const routes = createRoutes(modules, options, policy);
  node.rooms.addNames([...new Set([...routes.values()].map(({ rules }) => rules.roomName))]);
  const prefix = (): string => config.getGlobalPrefix().replaceAll(/^\/|\/$/g, '');
  return {
    options,
    clock: node.clock,
    routes,
    admission: node.admission,
    audit: node.audit,
    failed: (refusal, about) => node.failures.refused(refusal, about),
    addresses: new PeerAddresses(options.trustProxyHops, (line) =>
      attempt(() => new Logger('Roomgate').warn(line)),
    ),
    drain: node.drain,
    httpAdapter: () => host.httpAdapter,
    prefix: () => (options.useGlobalPrefix && prefix() ? `/${prefix()}` : ''),
    entrance: node.entrance,
  };
}

import { ADAPTER_RULES, type AdapterOptions } from '../adapter/adapter.options.js';
import { ADMISSION_RULES, type AdmissionOptions } from '../admission/admission.options.js';
import { CONNECTION_RULES, type ConnectionOptions } from '../connection/connection.options.js';
import { RoomgateError } from '../core/errors.js';
import { checkOptions, type Rule } from '../core/option-rules.js';
import { GATEWAY_RULES, type GatewayOptions } from '../gateway/gateway.options.js';
import { ROOM_RULES, type RoomOptions } from '../room/room.options.js';

/** Every option, resolved: what was given over {@link DEFAULTS}, validated and frozen. */
export interface RoomgateOptions
  extends
    Readonly<AdapterOptions>,
    Readonly<AdmissionOptions>,
    Readonly<ConnectionOptions>,
    Readonly<GatewayOptions>,
    Readonly<RoomOptions> {
  /** True unless `NODE_ENV` is exactly `development` or `test`. Not an option: what is safe is not a setting. */
  readonly strict: boolean;
}

/** What an application gives to `RoomgateModule.forRoot`. Each option is documented on the interface of its stage. */
export interface RoomgateModuleOptions
  extends
    Partial<AdapterOptions>,
    Partial<AdmissionOptions>,
    Partial<ConnectionOptions>,
    Partial<GatewayOptions>,
    Partial<RoomOptions> {}

/** The only place a default is written down. */
export const DEFAULTS: Readonly<Required<RoomgateModuleOptions>> = Object.freeze({
  issuers: [],
  realm: 'roomgate',
  clockToleranceMs: 5_000,
  logoutToleranceMs: 0,
  maxTokenLifeMs: 86_400_000,
  maxTokenBytes: 8_192,
  maxCachedSignatures: 10_000,
  maxVerdictsPerTurn: 32,
  verdictDeadlineMs: 5_000,
  allowedHosts: [],
  allowedOrigins: [],
  identityClaims: [],
  maxConnectionsPerSubject: 20,
  onTooManyConnections: 'refuse',
  allowWildcardRooms: false,
  hideRooms: false,
  maxAuthorityStalenessMs: 30_000,
  onStaleAuthority: 'keep',
  useGlobalPrefix: false,
  allowPlainGateways: [],
  foreignUpgradeMs: 10_000,
  headersTimeoutMs: 10_000,
  retryAfterMs: 1_000,
  maxMessageBytes: 65_536,
  maxFragments: 64,
  maxBufferedChunks: 1_024,
  maxPendingAutoPongs: 16,
  trustProxyHops: 0,
  maxPendingUpgrades: 1_000,
  maxUpgradesPerAddress: 0,
  upgradeWindowMs: 10_000,
  maxConnectionsPerAddress: 0,
  carriedHeaders: ['user-agent', 'accept-language', 'origin'],
  maxInboxMessages: 64,
  maxMessagesPerWindow: 100,
  messageWindowMs: 10_000,
  messageBurst: 50,
  maxOutboxBytes: 1_048_576,
  handlerTimeoutMs: 30_000,
  expiryWarningMs: 60_000,
  refreshGraceMs: 25_000,
  maxConnectionMs: 0,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 10_000,
  messageTimeoutMs: 10_000,
  closeTimeoutMs: 2_000,
  drainBatchSize: 500,
  drainIntervalMs: 500,
  drainTimeoutMs: 30_000,
  maxStrikes: 10,
  maxStreams: 64,
  logErrorMessages: false,
  rooms: {},
  maxRoomsPerConnection: 50,
  maxMembersPerRoom: 65_536,
  maxRooms: 100_000,
  maxRoomsPerSubject: 1_000,
  roomIdleMs: 5_000,
  maxHistoryBytes: 268_435_456,
  presenceRefreshMs: 27_000,
  presenceTtlMs: 60_000,
});

/** What each option has to be. */
export const RULES: Record<string, Rule> = {
  ...ADAPTER_RULES,
  ...ADMISSION_RULES,
  ...CONNECTION_RULES,
  ...GATEWAY_RULES,
  ...ROOM_RULES,
};

export function isStrict(nodeEnv: string | undefined = process.env.NODE_ENV): boolean {
  return nodeEnv !== 'development' && nodeEnv !== 'test';
}

/**
 * What an application gives to `RoomPublisherModule.forRoot`, as the nodes have it: `rooms`, whose names are those that `RoomPublisher`
 * knows, and `maxOutboxBytes` where the nodes have another one, since it bounds histories.
 */
export interface RoomPublisherOptions
  extends Pick<RoomOptions, 'rooms'>, Partial<Pick<ConnectionOptions, 'maxOutboxBytes'>> {}

const PUBLISHER_RULES = {
  rooms: ROOM_RULES.rooms,
  maxOutboxBytes: CONNECTION_RULES.maxOutboxBytes,
};

/**
 * The options of a process that only publishes.
 * @throws RoomgateError `invalid_options` for a value that makes no sense, and for what such a process has no use for.
 */
export function resolvePublisherOptions(
  given: RoomPublisherOptions,
  strict = isStrict(),
): RoomgateOptions {
  return Object.freeze({ ...DEFAULTS, ...checked(given, PUBLISHER_RULES), strict });
}

/** What was given; an option that is `undefined` counts as absent. */
function checked<T extends object>(given: T, rules: Record<string, Rule>): Partial<T> {
  const present = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  checkOptions(present, rules);
  return present as Partial<T>;
}

/**
 * Lays what was given over the defaults; an option that is `undefined` counts as absent.
 * @throws RoomgateError `invalid_options` for a value that makes no sense, `unsafe_options` for one that strict mode refuses.
 */
export function resolveOptions(
  given: RoomgateModuleOptions = {},
  strict = isStrict(),
): RoomgateOptions {
  const options: RoomgateOptions = Object.freeze({ ...DEFAULTS, ...checked(given, RULES), strict });
  if (options.presenceTtlMs <= options.presenceRefreshMs)
    throw new RoomgateError(
      'invalid_options',
      `Expected option "presenceTtlMs" to be more than "presenceRefreshMs" (${options.presenceRefreshMs}), got ${options.presenceTtlMs}.`,
    );
  return options;
}

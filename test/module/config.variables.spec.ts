import { ENV_OPTIONS, ENV_VARIABLES, readEnv, splitList } from '../../src/module/config.js';
import { DEFAULTS, resolveOptions, type RoomgateModuleOptions } from '../../src/module/options.js';
import { refused } from '../support/caught.js';

type Option = keyof RoomgateModuleOptions;

/** Every variable that sets an option: what may stand in it, what it means, and what may not. */
const TABLE: [string, Option, string, unknown, string[]][] = [
  ['ROOMGATE_REALM', 'realm', 'chat', 'chat', ['a"b', 'a\nb']],
  ['ROOMGATE_LOGOUT_TOLERANCE_MS', 'logoutToleranceMs', '2000', 2_000, ['-1', '300001', '1s']],
  [
    'ROOMGATE_CLOCK_TOLERANCE_MS',
    'clockToleranceMs',
    '0',
    0,
    ['-1', '300001', '5s', '0x10', '1e3'],
  ],
  [
    'ROOMGATE_MAX_TOKEN_LIFE_MS',
    'maxTokenLifeMs',
    '3600000',
    3_600_000,
    ['1h', '99999999999999999999'],
  ],
  ['ROOMGATE_MAX_TOKEN_BYTES', 'maxTokenBytes', '16384', 16_384, ['16385', '8k']],
  ['ROOMGATE_MAX_CACHED_SIGNATURES', 'maxCachedSignatures', '0', 0, ['-1', 'none']],
  ['ROOMGATE_MAX_VERDICTS_PER_TURN', 'maxVerdictsPerTurn', '1', 1, ['0', '1.5']],
  ['ROOMGATE_VERDICT_DEADLINE_MS', 'verdictDeadlineMs', '100', 100, ['0', ' ', '1.5']],
  [
    'ROOMGATE_ALLOWED_HOSTS',
    'allowedHosts',
    ' a.test, b.test:81 ,',
    ['a.test', 'b.test:81'],
    ['https://a.test', 'A.test', 'a.test b.test'],
  ],
  [
    'ROOMGATE_ALLOWED_ORIGINS',
    'allowedOrigins',
    'https://a.test,http://b.test',
    ['https://a.test', 'http://b.test'],
    ['*', 'null', 'a.test'],
  ],
  ['ROOMGATE_ALLOW_WILDCARD_ROOMS', 'allowWildcardRooms', 'true', true, ['TRUE', '1', 'yes']],
  ['ROOMGATE_HIDE_ROOMS', 'hideRooms', 'false', false, ['False', '0', 'no']],
  ['ROOMGATE_MAX_AUTHORITY_STALENESS_MS', 'maxAuthorityStalenessMs', '1000', 1_000, ['999', '30s']],
  ['ROOMGATE_ON_STALE_AUTHORITY', 'onStaleAuthority', 'mute', 'mute', ['close', 'MUTE']],
  ['ROOMGATE_USE_GLOBAL_PREFIX', 'useGlobalPrefix', 'true', true, ['on']],
  ['ROOMGATE_FOREIGN_UPGRADE_MS', 'foreignUpgradeMs', '1', 1, ['0']],
  ['ROOMGATE_HEADERS_TIMEOUT_MS', 'headersTimeoutMs', '0', 0, ['-1']],
  ['ROOMGATE_RETRY_AFTER_MS', 'retryAfterMs', '0', 0, ['-1']],
  ['ROOMGATE_MAX_MESSAGE_BYTES', 'maxMessageBytes', '1024', 1_024, ['1', '1_024']],
  ['ROOMGATE_MAX_FRAGMENTS', 'maxFragments', '1', 1, ['0']],
  ['ROOMGATE_MAX_BUFFERED_CHUNKS', 'maxBufferedChunks', '16', 16, ['15']],
  ['ROOMGATE_MAX_PENDING_AUTO_PONGS', 'maxPendingAutoPongs', '1', 1, ['0']],
  ['ROOMGATE_IDENTITY_CLAIMS', 'identityClaims', ' tenant, org ,', ['tenant', 'org'], []],
  [
    'ROOMGATE_CARRIED_HEADERS',
    'carriedHeaders',
    'user-agent,x-tenant',
    ['user-agent', 'x-tenant'],
    ['cookie', 'User-Agent'],
  ],
  ['ROOMGATE_MAX_INBOX_MESSAGES', 'maxInboxMessages', '1', 1, ['0']],
  ['ROOMGATE_MAX_OUTBOX_BYTES', 'maxOutboxBytes', '65536', 65_536, ['65535']],
  ['ROOMGATE_HANDLER_TIMEOUT_MS', 'handlerTimeoutMs', '2147483647', 2_147_483_647, ['2147483648']],
  ['ROOMGATE_EXPIRY_WARNING_MS', 'expiryWarningMs', '0', 0, ['-1', '2147483648', '60s']],
  ['ROOMGATE_REFRESH_GRACE_MS', 'refreshGraceMs', '0', 0, ['-1', '2147483648', '25s']],
  ['ROOMGATE_MAX_CONNECTION_MS', 'maxConnectionMs', '0', 0, ['-1', '1h', '9007199254740992']],
  ['ROOMGATE_PING_INTERVAL_MS', 'pingIntervalMs', '0', 0, ['-1', '25s', '2147483648']],
  ['ROOMGATE_PONG_TIMEOUT_MS', 'pongTimeoutMs', '1000', 1_000, ['0', '999']],
  ['ROOMGATE_MESSAGE_TIMEOUT_MS', 'messageTimeoutMs', '1000', 1_000, ['0', '999']],
  ['ROOMGATE_CLOSE_TIMEOUT_MS', 'closeTimeoutMs', '0', 0, ['-1']],
  ['ROOMGATE_DRAIN_BATCH_SIZE', 'drainBatchSize', '1', 1, ['0', '1.5']],
  ['ROOMGATE_DRAIN_INTERVAL_MS', 'drainIntervalMs', '1', 1, ['0']],
  ['ROOMGATE_DRAIN_TIMEOUT_MS', 'drainTimeoutMs', '1', 1, ['0']],
  ['ROOMGATE_MAX_STRIKES', 'maxStrikes', '1', 1, ['0']],
  ['ROOMGATE_LOG_ERROR_MESSAGES', 'logErrorMessages', 'true', true, ['1', 'yes', 'TRUE']],
  ['ROOMGATE_MAX_STREAMS', 'maxStreams', '1', 1, ['0']],
  ['ROOMGATE_TRUST_PROXY_HOPS', 'trustProxyHops', '1', 1, ['-1', 'true']],
  ['ROOMGATE_MAX_PENDING_UPGRADES', 'maxPendingUpgrades', '1', 1, ['0']],
  ['ROOMGATE_MAX_UPGRADES_PER_ADDRESS', 'maxUpgradesPerAddress', '0', 0, ['-1']],
  ['ROOMGATE_UPGRADE_WINDOW_MS', 'upgradeWindowMs', '1', 1, ['0']],
  ['ROOMGATE_MAX_CONNECTIONS_PER_ADDRESS', 'maxConnectionsPerAddress', '0', 0, ['-1']],
  ['ROOMGATE_MAX_CONNECTIONS_PER_SUBJECT', 'maxConnectionsPerSubject', '1', 1, ['0']],
  [
    'ROOMGATE_ON_TOO_MANY_CONNECTIONS',
    'onTooManyConnections',
    'replace-oldest',
    'replace-oldest',
    ['replace'],
  ],
  ['ROOMGATE_MAX_MESSAGES_PER_WINDOW', 'maxMessagesPerWindow', '0', 0, ['-1']],
  ['ROOMGATE_MESSAGE_WINDOW_MS', 'messageWindowMs', '1', 1, ['0']],
  ['ROOMGATE_MESSAGE_BURST', 'messageBurst', '5', 5, ['4']],
  ['ROOMGATE_MAX_ROOMS_PER_CONNECTION', 'maxRoomsPerConnection', '1', 1, ['0', '65537']],
  ['ROOMGATE_MAX_MEMBERS_PER_ROOM', 'maxMembersPerRoom', '1', 1, ['0']],
  ['ROOMGATE_MAX_ROOMS', 'maxRooms', '1', 1, ['0']],
  ['ROOMGATE_MAX_ROOMS_PER_SUBJECT', 'maxRoomsPerSubject', '1', 1, ['0']],
  ['ROOMGATE_ROOM_IDLE_MS', 'roomIdleMs', '0', 0, ['-1', '5s']],
  ['ROOMGATE_MAX_HISTORY_BYTES', 'maxHistoryBytes', '0', 0, ['-1', '1MB']],
  ['ROOMGATE_PRESENCE_REFRESH_MS', 'presenceRefreshMs', '1000', 1_000, ['999']],
  ['ROOMGATE_PRESENCE_TTL_MS', 'presenceTtlMs', '30000', 30_000, ['1999']],
];

describe('the variables of the options', () => {
  it('are all in the table above, and there is one for every option that text can hold', () => {
    expect(TABLE.map(([name]) => name).toSorted()).toEqual(
      ENV_OPTIONS.map(({ name }) => name).toSorted(),
    );
    const options = [
      ...TABLE.map(([, option]) => option),
      'issuers',
      'allowPlainGateways',
      'rooms',
    ];
    expect(options.toSorted()).toEqual(Object.keys(DEFAULTS).toSorted());
  });

  it.each(TABLE)('%s sets %s', (name, option, text, value) => {
    const options = readEnv({ [name]: text });
    expect(options).toEqual({ [option]: value });
    expect(resolveOptions(options, false)).toHaveProperty(option, value);
  });

  it.each(TABLE)('%s, empty or absent, leaves the default', (name) => {
    expect(readEnv({ [name]: '' })).toEqual({});
    expect(readEnv({ [name]: undefined })).toEqual({});
  });

  it.each(TABLE)(
    '%s refuses nonsense in a sentence that names it',
    (name, _option, _text, _value, odd) => {
      const { expected } = ENV_OPTIONS.find((variable) => variable.name === name) ?? {};
      for (const text of odd) {
        expect(refused(() => readEnv({ [name]: text }))).toEqual({
          code: 'invalid_options',
          message: `Expected ${name} to be ${expected}, got ${JSON.stringify(text)}.`,
        });
      }
    },
  );

  it('say what they expect in words of their own', () => {
    for (const { name, expected } of ENV_VARIABLES) {
      expect(name).toMatch(/^ROOMGATE_[A-Z_]+$/);
      expect(expected).toMatch(/^[a-z]/);
      expect(expected).not.toMatch(/undefined|Symbol/);
    }
    expect(new Set(ENV_VARIABLES.map(({ name }) => name)).size).toBe(ENV_VARIABLES.length);
  });
});

describe('splitList', () => {
  it('splits at commas and drops what is empty', () => {
    expect(splitList(' a ,b,, c d ,')).toEqual(['a', 'b', 'c d']);
    expect(splitList(' , ')).toEqual([]);
  });
});

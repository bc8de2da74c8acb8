import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import type { RedisClientLike } from '../../../src/redis/network/dialer.js';
import { checkSafety } from '../../../src/redis/network/require-redis-auth.js';
import { refused } from '../../support/caught.js';

const LAZY = { lazyConnect: true } as const;
const AWAY = '10.0.0.1';
const cluster = (nodes: ConstructorParameters<typeof Cluster>[0], options = {}): Cluster =>
  new Cluster(nodes, { ...LAZY, ...options });

type Case = [name: string, client: () => RedisClientLike];

const REFUSED: Case[] = [
  ['ioredis, another machine', () => new Redis({ ...LAZY, host: AWAY })],
  ['ioredis, another machine by URL', () => new Redis(`redis://${AWAY}`, LAZY)],
  ['ioredis, a name without a password', () => new Redis(`redis://app@${AWAY}`, LAZY)],
  ['ioredis, a name that begins like ours', () => new Redis('redis://localhost.example', LAZY)],
  ['ioredis, an address that begins like ours', () => new Redis('redis://127.example', LAZY)],
  ['ioredis, every address of this machine', () => new Redis('redis://0.0.0.0', LAZY)],
  ['ioredis, TLS that asks for nothing', () => new Redis({ ...LAZY, host: AWAY, tls: {} })],
  [
    'ioredis, Sentinel on this machine',
    () => new Redis({ ...LAZY, name: 'a', sentinels: [{ host: '127.0.0.1' }] }),
  ],
  [
    'ioredis, only the Sentinels ask',
    () => new Redis({ ...LAZY, name: 'a', sentinels: [{ host: AWAY }], sentinelPassword: 'p' }),
  ],
  ['ioredis, a cluster', () => cluster([{ host: AWAY, port: 1 }])],
  ['ioredis, a cluster with options', () => cluster([{ host: AWAY }], { redisOptions: {} })],
  ['ioredis, a cluster by URL', () => cluster([`redis://${AWAY}:1`])],
  ['ioredis, a cluster by host and port', () => cluster([`${AWAY}:1`])],
  ['ioredis, a cluster of which one is here', () => cluster([7000, { host: AWAY }])],
  ['redis, another machine', () => createClient({ url: `redis://${AWAY}` })],
  ['redis, another machine by socket', () => createClient({ socket: { host: AWAY } })],
  ['redis, a name without a password', () => createClient({ url: `redis://app@${AWAY}` })],
  ['redis, an empty password', () => createClient({ url: `redis://:@${AWAY}` })],
  ['redis, a cluster', () => createCluster({ rootNodes: [{ url: `redis://${AWAY}` }] })],
  [
    'redis, a cluster of which one asks',
    () => createCluster({ rootNodes: [{ url: `redis://:p@${AWAY}` }, { url: `redis://${AWAY}` }] }),
  ],
];

const ACCEPTED: Case[] = [
  ['ioredis, this machine', () => new Redis(LAZY)],
  ['ioredis, this machine by IPv6', () => new Redis({ ...LAZY, host: '::1' })],
  ['ioredis, a socket of this machine', () => new Redis({ ...LAZY, path: '/run/redis.sock' })],
  ['ioredis, a password', () => new Redis({ ...LAZY, host: AWAY, password: 'p' })],
  ['ioredis, a password in the URL', () => new Redis(`rediss://app:p@${AWAY}`, LAZY)],
  ['ioredis, a certificate', () => new Redis({ ...LAZY, host: AWAY, tls: { cert: 'c' } })],
  [
    'ioredis, Sentinel and a password',
    () => new Redis({ ...LAZY, name: 'a', sentinels: [{ host: AWAY }], password: 'p' }),
  ],
  ['ioredis, a cluster here', () => cluster([7000, { host: '127.0.0.1', port: 7001 }])],
  ['ioredis, a cluster here with options', () => cluster([7000], { redisOptions: {} })],
  [
    'ioredis, a cluster and a password',
    () => cluster([{ host: AWAY }], { redisOptions: { password: 'p' } }),
  ],
  ['redis, this machine', () => createClient()],
  ['redis, this machine by URL', () => createClient({ url: 'redis://127.0.0.2:1' })],
  ['redis, a password', () => createClient({ url: `redis://:p@${AWAY}` })],
  [
    'redis, a provider of credentials',
    () =>
      createClient({
        socket: { host: AWAY },
        credentialsProvider: {
          type: 'async-credentials-provider',
          credentials: async () => ({ username: 'app', password: 'p' }),
        },
      }),
  ],
  [
    'redis, a cluster here',
    () => createCluster({ rootNodes: [{ url: 'redis://localhost:7000' }] }),
  ],
  [
    'redis, a cluster and a password',
    () => createCluster({ rootNodes: [{ url: `redis://${AWAY}` }], defaults: { password: 'p' } }),
  ],
];

describe('A Redis in strict mode', () => {
  it.each(REFUSED)('is refused on another machine without a password: %s', (_, client) => {
    expect(refused(() => checkSafety(client(), true))?.code).toBe('unsafe_options');
  });

  it.each(ACCEPTED)('is accepted on this machine, or with credentials: %s', (_, client) => {
    expect(() => checkSafety(client(), true)).not.toThrow();
  });

  it('is refused when nothing can be seen of where it is', () => {
    expect(refused(() => checkSafety({} as RedisClientLike, true))?.code).toBe('unsafe_options');
  });

  it('is refused without a word of the address or the name', () => {
    const client = new Redis('redis://secretname@secret.example', LAZY);
    expect(refused(() => checkSafety(client, true))?.message).not.toContain('secret');
  });
});

it('A Redis in development may be anywhere', () => {
  expect(() => checkSafety(new Redis({ ...LAZY, host: AWAY }), false)).not.toThrow();
});

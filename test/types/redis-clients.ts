// Checked by `npm run typecheck`, never run: the clients of both packages are what `client` asks for, and little else is.
import type { Cluster, Redis } from 'ioredis';
import type { createClient, createCluster, RedisClientType, RedisClusterType } from 'redis';
import type { RedisClientLike, RedisOptions } from 'nestjs-roomgate/redis';

declare function accepts(client: RedisClientLike): void;

declare const ioredis: Redis;
declare const ioredisCluster: Cluster;
accepts(ioredis);
accepts(ioredisCluster);

declare const nodeRedis: ReturnType<typeof createClient>;
declare const nodeRedisNamed: RedisClientType;
declare const nodeRedisCluster: ReturnType<typeof createCluster>;
declare const nodeRedisClusterNamed: RedisClusterType;
accepts(nodeRedis);
accepts(nodeRedisNamed);
accepts(nodeRedisCluster);
accepts(nodeRedisClusterNamed);

// @ts-expect-error -- an address is not a client
accepts('redis://127.0.0.1');
// @ts-expect-error -- nor are the options of one
accepts({ host: '127.0.0.1', port: 6379 });
// @ts-expect-error -- a namespace has to be chosen
export const nameless: RedisOptions = { client: ioredis };

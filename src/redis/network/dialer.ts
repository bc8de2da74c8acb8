import { RoomgateError } from '../../core/errors.js';
import type { RedisDialer } from './connection.js';
import {
  IoredisDialer,
  type IoredisClusterLike,
  type IoredisLike,
  isIoredisCluster,
} from './ioredis-connection.js';
import {
  isNodeRedisCluster,
  NodeRedisDialer,
  type NodeRedisClusterLike,
  type NodeRedisLike,
} from './node-redis-connection.js';

/** A client that the application brings, of `ioredis` or of `redis`, for one Redis or for a cluster. It is only copied, never used itself. */
export type RedisClientLike =
  IoredisLike | IoredisClusterLike | NodeRedisLike | NodeRedisClusterLike;

/** @throws RoomgateError `invalid_options` when the client is of neither kind. */
export function dialerOf(client: RedisClientLike, connectTimeoutMs: number): RedisDialer {
  if (typeof client === 'object' && client !== null) {
    if (isIoredisCluster(client) || 'callBuffer' in client)
      return new IoredisDialer(client, connectTimeoutMs);
    if (isNodeRedisCluster(client) || ('sSubscribe' in client && 'options' in client))
      return new NodeRedisDialer(client, connectTimeoutMs);
  }
  throw new RoomgateError(
    'invalid_options',
    'Expected "client" to be a client of "ioredis" (5 or 6) or "redis" (5 or 6), or a cluster client of one of them.',
  );
}

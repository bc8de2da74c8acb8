export { RoomgateRedisModule } from './redis/redis.module.js';
export { RedisEngine } from './redis/rooms/redis-engine.service.js';
export { RedisRevocationStore } from './redis/revocations/redis-revocation-store.service.js';
export type { RedisOptions } from './redis/redis-options.js';
export { RedisStore } from './redis/store.js';
export type { RedisClientLike } from './redis/network/dialer.js';

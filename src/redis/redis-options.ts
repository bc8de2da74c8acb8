import type { RedisClientLike } from './network/dialer.js';

export interface RedisOptions {
  /**
   * A client of `ioredis` or `redis` (5 or 6), for one Redis, one behind Sentinel (`ioredis`), or a cluster. roomgate opens connections
   * of its own in the same way (address, credentials, TLS) and never uses this one; the application closes it.
   */
  readonly client: RedisClientLike;
  /** What all keys and channels begin with: 1 to 64 letters, digits and `:._-`, the same on all nodes of an application, and only there. */
  readonly namespace: string;
  /**
   * Milliseconds that opening a connection may take.
   * @default 1000
   */
  readonly connectTimeoutMs?: number;
  /**
   * Milliseconds after which Redis is taken for gone when it does not answer; it is asked as often.
   * @default 2000
   */
  readonly replyTimeoutMs?: number;
  /**
   * Milliseconds that Redis may take to be reached when the application starts.
   * @default 5000
   */
  readonly startTimeoutMs?: number;
}

export const REDIS_DEFAULTS = {
  connectTimeoutMs: 1_000,
  replyTimeoutMs: 2_000,
  startTimeoutMs: 5_000,
};

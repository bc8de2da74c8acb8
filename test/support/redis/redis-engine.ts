import type { EngineSink } from '../../../src/room/engine/engine.js';
import type { RedisClientLike } from '../../../src/redis/network/dialer.js';
import { RedisEngine } from '../../../src/redis/rooms/redis-engine.service.js';
import type { RedisOptions } from '../../../src/redis/redis-options.js';
import { SCRIPTS } from '../../../src/redis/scripts/index.js';
import { RedisStore } from '../../../src/redis/store.js';
import { type Clock, SystemClock } from '../../../src/core/clock.js';

/** An engine as the module makes it, not started yet, on a store of its own. */
export function engineOn(
  client: unknown,
  namespace: string,
  clock: Clock = new SystemClock(),
  timeouts: Omit<RedisOptions, 'client' | 'namespace'> = {},
): { readonly engine: RedisEngine; readonly store: RedisStore } {
  const options = { client: client as RedisClientLike, namespace, ...timeouts };
  const store = new RedisStore(options, clock, SCRIPTS);
  return { engine: new RedisEngine(store), store };
}

/** For an engine whose news nobody wants; what is wanted replaces its part. */
export const DEAF: EngineSink = {
  deliver: () => undefined,
  interrupted: () => undefined,
  presence: () => undefined,
};

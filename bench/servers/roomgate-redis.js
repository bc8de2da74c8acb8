// Our server again, as one of several nodes around one Redis, with a hand on who is disconnected.
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../ipc/monotonic.js';
import { ISSUER } from '../tokens/mint.js';
import { importPackageUnderTest, importRedisUnderTest } from './package-under-test.js';
import { redisClient } from './redis-clients.js';
import { startRoomgate } from './roomgate.js';

/** Between two kicks, so that each is alone. */
const PAUSE_MS = 5;

/** @type {any} */
let revocation;

/** @param {import('./server.types.js').ServerOptions & import('./publishing.js').PublishingOptions} options */
export async function start({ client, redisPort, ...options }) {
  const { RevocationService } = await importPackageUnderTest();
  const { RedisEngine, RoomgateRedisModule } = await importRedisUnderTest();
  const keep = {
    provide: 'kept revocations',
    useFactory: (/** @type {any} */ service) => (revocation = service),
    inject: [RevocationService],
  };
  const redis = { client: redisClient(client, redisPort), namespace: 'bench' };
  const imports = [RoomgateRedisModule.forRoot(redis)];
  return startRoomgate(options, [], [keep], { imports, engine: RedisEngine });
}

/** Steps by name. */
export const steps = {
  /** Disconnects the subjects of `load/tokens.js`, one by one. @param {{ subjects: number }} options  @returns {Promise<number[]>} ms, when each was begun */
  async kick({ subjects }) {
    const times = [];
    for (let n = 0; n < subjects; n++) {
      times.push(monotonicMs());
      await revocation.disconnect({ subject: `user-${n}`, issuer: ISSUER });
      await sleep(PAUSE_MS);
    }
    return times;
  },
};

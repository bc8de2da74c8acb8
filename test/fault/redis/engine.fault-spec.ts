import { describeRoomEngine } from 'nestjs-roomgate/engine';
import { A, B } from '../../../src/toolkit/engine-suite/engine-probe.js';
import { type AppClient, CLIENTS } from '../../support/redis/clients.js';
import { RedisCluster } from '../../support/redis/redis-cluster.js';
import { engineOn } from '../../support/redis/redis-engine.js';
import { RedisServer } from '../../support/redis/redis-server.js';

/** Deliveries that publish something, whose deliveries publish something, and so on. */
const ROUNDS = 6;

let names = 0;

/** Of a store that nobody else uses. */
const testContract = (client: () => AppClient): void =>
  describeRoomEngine(() => {
    const { engine, store } = engineOn(client().client, `contract-${++names}`);
    const settle = async (): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++)
        for (const key of [A, B]) {
          const link = store.network.linkOf(store.keys.of(key).tag);
          // Behind what was called before, then behind what that has published.
          await link?.call('PING', []);
          await link?.fence();
          await new Promise((resolve) => setImmediate(resolve));
        }
    };
    const advance = (ms: number): Promise<void> =>
      new Promise((resolve) => setTimeout(resolve, ms));
    return { engine, settle, advance };
  });

describe.each(CLIENTS)('RedisEngine on one Redis, by $name', ({ single }) => {
  let server: RedisServer;
  let client: AppClient;
  beforeAll(async () => {
    server = await RedisServer.start();
    client = single(server.port);
    await client.ready;
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  testContract(() => client);
});

describe.each(CLIENTS)('RedisEngine on a cluster, by $name', ({ cluster }) => {
  let servers: RedisCluster;
  let client: AppClient;
  beforeAll(async () => {
    servers = await RedisCluster.start();
    client = cluster(servers.ports);
    await client.ready;
  });
  afterAll(async () => {
    client.close();
    await servers.stop();
  });

  testContract(() => client);
});

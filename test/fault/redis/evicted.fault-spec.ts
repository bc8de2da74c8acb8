import { A } from '../../../src/toolkit/engine-suite/engine-probe.js';
import { IOREDIS } from '../../support/redis/clients.js';
import { DEAF, engineOn } from '../../support/redis/redis-engine.js';
import { RedisServer } from '../../support/redis/redis-server.js';

const TTL_MS = 60_000;
const ALICE = { connectionId: 'c1', identity: 'alice', memberId: 'm1' };
const BOB = { connectionId: 'c2', identity: 'bob', memberId: 'm2' };

it('Presence is whole again with the next renewal when Redis has evicted any part of it', async () => {
  const server = await RedisServer.start();
  const client = IOREDIS.single(server.port);
  const { engine, store } = engineOn(client.client, 'evicted');
  await engine.start(DEAF);
  try {
    for (const evicted of store.keys.of(A).presence) {
      for (const entry of [ALICE, BOB]) await engine.enter(A, entry, TTL_MS);
      await server.command('DEL', evicted);
      await engine.present(A, Infinity);
      await engine.renew(A, [ALICE, BOB], TTL_MS);
      expect((await engine.present(A, Infinity)).total).toBe(2);
      for (const { connectionId } of [ALICE, BOB]) await engine.exit(A, connectionId);
      expect((await engine.present(A, Infinity)).total).toBe(0);
    }
  } finally {
    await engine.stop();
    client.close();
    await server.stop();
  }
});

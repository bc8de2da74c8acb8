import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Cluster, Redis } from 'ioredis';
import { createClient } from 'redis';
import { RedisRevocationStore } from '../../../src/redis/revocations/redis-revocation-store.service.js';
import { SystemClock } from '../../../src/core/clock.js';
import { A, B } from '../../../src/toolkit/engine-suite/engine-probe.js';
import { eventually } from '../../support/poll.js';
import { RedisCluster } from '../../support/redis/redis-cluster.js';
import { DEAF, engineOn } from '../../support/redis/redis-engine.js';
import { RedisServer } from '../../support/redis/redis-server.js';

const HOST = '127.0.0.1';
/** The rules that docs/scaling.md gives, as words. */
const [, ...RULES] = (
  /^ACL (SETUSER roomgate [^`]*)/m.exec(readFileSync('docs/scaling.md', 'utf8'))?.[1] ?? ''
)
  .trim()
  .split(/[\s\\]+/);
const USER = { username: 'roomgate', password: 'password' };
const LIMITS = { maxTokenLifeMs: 3_600_000, clockToleranceMs: 5_000, strict: true };
/** More than are remembered in one half. */
const PUBLICATIONS = 600;
const HISTORY = { size: 10, ttlMs: 60_000, maxBytes: 1024 * 1024 };

/** What a client says of itself, whose refusal it ignores. */
const COURTESIES = ['client|setinfo', 'client|setname'];

/** Everything that is done in Redis, as this user. */
async function useAll(client: unknown): Promise<void> {
  const { engine, store: redis } = engineOn(client, 'chat');
  const run = randomUUID();
  const heard: number[] = [];
  await engine.start({ ...DEAF, deliver: (_, { offset }) => void heard.push(offset) });
  await engine.subscribe(A, HISTORY);
  await engine.subscribe(B);
  const publish = (key: string, history?: typeof HISTORY): Promise<unknown> =>
    Promise.all(
      Array.from({ length: PUBLICATIONS }, (_, n) =>
        engine.publish(key, 'x', { publicationId: `${run}-${n}`, history }),
      ),
    );
  await publish(A, HISTORY);
  await publish(B);
  await eventually(async () => heard.length === 2 * PUBLICATIONS, 'all publications');
  await engine.read(A, { limit: 5, maxBytes: 1_000 });
  const entry = { connectionId: 'c', identity: 'i', memberId: 'm' };
  await engine.enter(A, entry, 60_000);
  await engine.renew(A, [entry], 60_000);
  await engine.present(A, 10);
  await engine.exit(A, 'c');
  await engine.unsubscribe(B);
  const store = new RedisRevocationStore(redis, new SystemClock(), LIMITS);
  const told: unknown[] = [];
  await store.start((revocation) => void told.push(revocation));
  await store.add({ kind: 'block', identity: 'i' });
  await store.add({ kind: 'unblock', identity: 'i' });
  await eventually(async () => told.length > 0, 'the revocation');
  store.stop();
  await engine.stop();
}

/** Commands, keys and channels that the user was refused. */
async function refusedBy(server: RedisServer): Promise<string[]> {
  const entries = await server.command<string[][]>('ACL', 'LOG');
  return entries
    .map((entry) => entry[entry.indexOf('object') + 1] as string)
    .filter((object) => !COURTESIES.includes(object));
}

describe('The user of README', () => {
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
  });

  it('may do all that is done on one Redis, and nothing of it is refused', async () => {
    const server = await RedisServer.start();
    running.push(server);
    await server.command('ACL', 'SETUSER', ...RULES.slice(0, -2));
    const redis = createClient({ url: `redis://${HOST}:${server.port}`, ...USER });
    const ioredis = new Redis({ host: HOST, port: server.port, ...USER, lazyConnect: true });
    for (const client of [redis, ioredis]) await useAll(client);
    expect(await refusedBy(server)).toEqual([]);
  });

  it('may use another database and a name, and every key is in that database', async () => {
    const server = await RedisServer.start();
    running.push(server);
    await server.command('ACL', 'SETUSER', ...RULES.slice(0, -2));
    const url = `redis://${HOST}:${server.port}`;
    const redis = createClient({ url, ...USER, database: 2, name: 'app' });
    const options = { ...USER, db: 2, connectionName: 'app', lazyConnect: true };
    const ioredis = new Redis({ host: HOST, port: server.port, ...options });
    for (const client of [redis, ioredis]) {
      await useAll(client);
      expect(Object.keys(await server.info('keyspace'))).toEqual(['db2']);
    }
    expect(await refusedBy(server)).toEqual([]);
  });

  it('is not connected in database 0 when it may not choose its own', async () => {
    const server = await RedisServer.start();
    running.push(server);
    await server.command('ACL', 'SETUSER', ...RULES.slice(0, -2), '-select');
    const options = { host: HOST, port: server.port, ...USER, lazyConnect: true, db: 2 };
    const { engine } = engineOn(new Redis(options), 'chat', undefined, {
      startTimeoutMs: 1_500,
    });
    await expect(engine.start(DEAF)).rejects.toMatchObject({
      message: expect.stringContaining('NOPERM') as string,
    });
    await engine.stop();
  });

  it('may do all that is done on a cluster', async () => {
    const cluster = await RedisCluster.start();
    running.push(cluster);
    for (const node of cluster.nodes) await node.command('ACL', 'SETUSER', ...RULES);
    const nodes = cluster.ports.map((port) => ({ host: HOST, port }));
    const client = new Cluster(nodes, { redisOptions: USER });
    running.unshift({ stop: async () => client.disconnect() });
    await new Promise((resolve) => client.once('ready', resolve));
    await useAll(client);
    for (const node of cluster.nodes) expect(await refusedBy(node)).toEqual([]);
  });
});

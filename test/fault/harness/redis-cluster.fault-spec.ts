import { CLIENTS } from '../../support/redis/clients.js';
import { RedisCluster } from '../../support/redis/redis-cluster.js';
import type { RedisServer } from '../../support/redis/redis-server.js';
import { nothingFor } from '../../support/poll.js';

/** What was answered, or the words of the error. */
const outcome = (command: Promise<unknown>): Promise<unknown> =>
  command.catch((error: Error) => error.message);

describe('A cluster of our own', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicas: true, proxied: true });
  }, 30_000);
  afterAll(() => cluster.stop());

  /** Another master than this one. */
  const another = (master: RedisServer): RedisServer =>
    cluster.nodes.slice(0, 3).find((node) => node !== master) as RedisServer;

  it('sends a client to the master of a key, by way of the proxy before it', async () => {
    const slot = await cluster.slotOf('key');
    const master = await cluster.masterOf(slot);
    expect(await master.command('SET', 'key', 'value')).toBe('OK');
    expect(await outcome(another(master).command('GET', 'key'))).toBe(
      `MOVED ${slot} 127.0.0.1:${cluster.proxyOf(master).port}`,
    );
  });

  it.each(CLIENTS)('is reached by $name through the proxies', async ({ cluster: connect }) => {
    const app = connect(cluster.ports);
    try {
      await app.ready;
      const master = await cluster.masterOf(await cluster.slotOf('counter'));
      const count = Number(await app.command('INCR', 'counter'));

      cluster.proxyOf(master).blackhole();
      const next = app.command('INCR', 'counter');
      expect(await Promise.race([next, nothingFor(200)])).toBe('nothing');
      await cluster.proxyOf(master).heal();
      expect(await next).toBe(count + 1);
    } finally {
      app.close();
    }
  });

  it('moves a slot with its keys, and asks for new ones at the other node meanwhile', async () => {
    const slot = await cluster.slotOf('{moved}');
    const from = await cluster.masterOf(slot);
    const to = another(from);
    await from.command('SET', '{moved}old', 'value');

    await cluster.beginMove(slot, to);
    expect(await from.command('GET', '{moved}old')).toBe('value');
    expect(await outcome(from.command('GET', '{moved}new'))).toBe(
      `ASK ${slot} 127.0.0.1:${cluster.proxyOf(to).port}`,
    );

    await cluster.finishMove(slot, to);
    expect(await cluster.masterOf(slot)).toBe(to);
    expect(await to.command('GET', '{moved}old')).toBe('value');
  });

  it('goes on with a replica after its master was killed, without what had not reached it', async () => {
    const slot = await cluster.slotOf('{lost}');
    const master = await cluster.masterOf(slot);
    const replica = cluster.partnerOf(master);
    await master.command('SET', '{lost}reached', 'yes');
    await replica.waitForSync(master);

    cluster.proxyOf(master).blackhole('toClient');
    expect(await master.command('SET', '{lost}alone', 'yes')).toBe('OK');
    await master.kill();
    await cluster.failover(replica, 'TAKEOVER');

    expect(await cluster.masterOf(slot)).toBe(replica);
    expect(await replica.command('GET', '{lost}reached')).toBe('yes');
    expect(await replica.command('GET', '{lost}alone')).toBeNull();
  });
});

import { RedisCluster } from '../../support/redis/redis-cluster.js';
import { eventually } from '../../support/poll.js';
import { principalOf } from '../../support/principal.js';
import { CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { RevocationNode } from '../../support/redis/revocation-node.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

const alice = principalOf();
const bob = principalOf({ sub: 'bob' });
const HEALED_MS = 1_000;
/** Nobody tells a node that a slot has another master: it finds out by a check. */
const FOUND_MS = 3_000;

describe.each(CLIENTS)('Revocations after a failover by $name', (kind) => {
  it('are given to a replica that had not got them', async () => {
    const master = await RedisServer.start();
    const toMaster = await TcpProxy.start(master.port);
    const replica = await RedisServer.start({ replicaOf: toMaster.port });
    const toRedis = await TcpProxy.start(master.port);
    const a = await RevocationNode.start(toRedis.port, { kind });
    const b = await RevocationNode.start(toRedis.port, { kind });
    try {
      await a.service.block(bob);
      await replica.waitForSync(master);
      toMaster.blackhole();
      await a.service.block(alice);
      await eventually(() => b.refuses(alice), 'the block', HEALED_MS);
      // Who is cut off before the failover has never heard of it.
      await a.service.unblock(bob);
      toRedis.cut();
      await master.kill();
      await replica.promote();
      toRedis.redirect(replica.port);
      await toRedis.heal();

      const c = await RevocationNode.start(toRedis.port, { kind });
      try {
        await eventually(() => c.refuses(alice) && !c.refuses(bob), 'what was lost', HEALED_MS);
        expect([a, b].map((node) => node.refuses(alice))).toEqual([true, true]);
        await eventually(() => !b.refuses(bob), 'the end of a block', HEALED_MS);
      } finally {
        await c.stop();
      }
    } finally {
      await Promise.all([a.stop(), b.stop()]);
      await Promise.all([toRedis.close(), toMaster.close(), replica.stop(), master.stop()]);
    }
  });

  it('and in a cluster', async () => {
    const cluster = await RedisCluster.start({ replicas: true });
    const a = await RevocationNode.start(cluster.ports, { kind });
    const b = await RevocationNode.start(cluster.ports, { kind });
    try {
      await a.service.block(alice);
      await eventually(() => b.refuses(alice), 'the block', HEALED_MS);
      const master = await cluster.masterOf(await cluster.slotOf('{test|revocations}'));
      await cluster.failover(cluster.partnerOf(master));
      const isDone = (): Promise<boolean> =>
        b.service.block(bob).then(
          () => true,
          () => false,
        );
      await eventually(isDone, 'the new master to be found', 10_000);
      await eventually(() => a.refuses(bob), 'the block', FOUND_MS);

      const slot = await cluster.slotOf('{test|revocations}');
      const other = cluster.nodes.find(
        (node) => node !== master && node !== cluster.partnerOf(master),
      );
      await cluster.moveSlot(slot, other!);
      await eventually(
        () =>
          a.service.unblock(alice).then(
            () => true,
            () => false,
          ),
        'the new owner to be found',
        10_000,
      );
      await eventually(() => !b.refuses(alice), 'the end of a block', FOUND_MS);
      const c = await RevocationNode.start(cluster.ports, { kind });
      expect([alice, bob].map((one) => c.refuses(one))).toEqual([false, true]);
      await c.stop();
    } finally {
      await Promise.all([a.stop(), b.stop()]);
      await cluster.stop();
    }
  }, 60_000);
});

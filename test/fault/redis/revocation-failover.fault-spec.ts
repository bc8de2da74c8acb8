import { randomUUID } from 'node:crypto';
import type { Principal } from '../../../src/admission/principal.js';
import { RedisCluster } from '../../support/redis/redis-cluster.js';
import { eventually, HEALED_MS } from '../../support/poll.js';
import { principalOf } from '../../support/principal.js';
import { CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { RevocationNode } from '../../support/redis/revocation-node.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

const alice = principalOf();
const bob = principalOf({ sub: 'bob' });

/** Between revocations. */
const PAUSE_MS = 10;
/** Revocations that are accepted when it is over. */
const SAID_BEHIND = 20;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds that what one node revokes all the while takes, at most, until it is in force on the other, which is quiet. */
async function worstWhile(
  happens: () => Promise<void>,
  from: RevocationNode,
  to: RevocationNode,
): Promise<number> {
  const waiting = new Map<Principal, number>();
  let worstMs = 0;
  let [isOver, isSilent] = [false, false];
  const look = (): boolean => {
    for (const [principal, acceptedAt] of waiting)
      if (to.refuses(principal)) {
        worstMs = Math.max(worstMs, Date.now() - acceptedAt);
        waiting.delete(principal);
      }
    return waiting.size === 0;
  };
  const looking = eventually(() => look() && isSilent, 'everything to be heard', 30_000);
  const done = happens().finally(() => (isOver = true));
  for (let behind = 0; behind < SAID_BEHIND;) {
    const principal = principalOf({ jti: randomUUID() });
    const accepted = await from.service.revokeToken(principal.claims.jti as string).then(
      () => true,
      () => false,
    );
    if (accepted) waiting.set(principal, Date.now());
    if (accepted && isOver) behind += 1;
    await pause(PAUSE_MS);
  }
  isSilent = true;
  await Promise.all([done, looking]);
  return worstMs;
}

describe.each(CLIENTS)('Revocations after a failover by $name', (kind) => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicas: true });
  });
  afterAll(() => cluster.stop());

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
      await eventually(() => a.refuses(bob), 'the block', HEALED_MS);

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
      await eventually(() => !b.refuses(alice), 'the end of a block', HEALED_MS);
      const c = await RevocationNode.start(cluster.ports, { kind });
      expect([alice, bob].map((one) => c.refuses(one))).toEqual([false, true]);
      await c.stop();
    } finally {
      await Promise.all([a.stop(), b.stop()]);
    }
  }, 60_000);

  it('are in force within a second, also on a node that is quiet, while a cluster changes hands', async () => {
    const a = await RevocationNode.start(cluster.ports, { kind });
    const b = await RevocationNode.start(cluster.ports, { kind });
    try {
      const slot = await cluster.slotOf('{test|revocations}');
      const home = await cluster.masterOf(slot);
      const replica = cluster.partnerOf(home);
      const first = await cluster.masterOf(0);
      const other = first === home ? await cluster.masterOf(16_383) : first;
      const changes = [
        () => cluster.failover(replica),
        () => cluster.moveSlot(slot, other),
        () => cluster.moveSlot(slot, replica),
        // Whoever has just found out that it has moved finds it gone from there.
        ...[300, 400, 500].map((pauseMs) => async (): Promise<void> => {
          await cluster.moveSlot(slot, other);
          await pause(pauseMs);
          await cluster.moveSlot(slot, replica);
        }),
      ];
      for (const happens of changes)
        expect(await worstWhile(happens, b, a)).toBeLessThan(HEALED_MS);
    } finally {
      await Promise.all([a.stop(), b.stop()]);
    }
  }, 60_000);
});

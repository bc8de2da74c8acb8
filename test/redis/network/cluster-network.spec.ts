import { FakeClock } from 'nestjs-roomgate/testing';
import { ClusterNetwork } from '../../../src/redis/network/cluster-network.js';
import { slotOf } from '../../../src/redis/network/cluster-slots.js';
import { FakeCluster } from '../../support/redis/fake-cluster.js';
import { settled } from '../../support/redis/fake-redis.js';

const TAG = 'test|room';

describe('ClusterNetwork', () => {
  it('looks at once who has what when a subscription is refused because its slot has moved', async () => {
    const cluster = new FakeCluster(slotOf(TAG));
    let moves = 0;
    const ports = {
      dialer: cluster,
      clock: new FakeClock(),
      scripts: [],
      connectTimeoutMs: 1,
      replyTimeoutMs: 1e9,
    };
    const network = new ClusterNetwork(ports, {
      message: () => undefined,
      up: () => undefined,
      down: () => undefined,
      moved: () => (moves += 1),
    });
    await network.start();
    const [before, known] = [network.linkOf(TAG), moves];
    cluster.owner = 1;
    await expect(before?.subscribe('{test|room}')).rejects.toMatchObject({
      code: 'engine_unavailable',
    });
    await settled();
    expect(moves).toBe(known + 1);
    await network.linkOf(TAG)?.subscribe('{test|room}');
    network.stop();
  });
});

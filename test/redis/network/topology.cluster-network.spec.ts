import { FakeClock } from 'nestjs-roomgate/testing';
import { ClusterNetwork, slotOf } from '../../../src/redis/network/topology.js';
import type { RedisReply } from '../../../src/redis/network/connection.js';
import { FakeCluster } from '../../support/redis/fake-cluster.js';
import { settled } from '../../support/redis/fake-redis.js';

const TAG = 'test|room';
const LOOK_MS = 5_000;
const LOOK_SOON_MS = 250;

describe('ClusterNetwork', () => {
  let cluster: FakeCluster;
  let clock: FakeClock;
  let network: ClusterNetwork;
  let moves: number;

  beforeEach(() => {
    cluster = new FakeCluster(slotOf(TAG));
    clock = new FakeClock();
    moves = 0;
    const ports = { dialer: cluster, clock, scripts: [], connectTimeoutMs: 1, replyTimeoutMs: 1e9 };
    network = new ClusterNetwork(ports, {
      message: () => undefined,
      up: () => undefined,
      down: () => undefined,
      moved: () => (moves += 1),
    });
  });
  afterEach(() => network.stop());

  /** Something is asked of who has it no more. */
  const isRefused = async (): Promise<void> => {
    cluster.owner = 1;
    await expect(network.linkOf(TAG)?.subscribe('{test|room}')).rejects.toMatchObject({
      code: 'engine_unavailable',
    });
    await settled();
  };

  it('looks at once who has what when a subscription is refused because its slot has moved', async () => {
    await network.start();
    const known = moves;
    await isRefused();
    expect(moves).toBe(known + 1);
    await network.linkOf(TAG)?.subscribe('{test|room}');
  });

  it.each<[string, () => RedisReply]>([
    ['a row that is none', () => [null]],
    ['nothing', () => null],
    ['something else', () => 'OK'],
    [
      'an error',
      () => {
        throw new Error('canary');
      },
    ],
  ])('asks the next one when somebody answers %s', async (_, garbage) => {
    await network.start();
    cluster.slots[0] = garbage;
    const known = moves;
    await isRefused();
    expect(moves).toBe(known + 1);
  });

  it('goes on with what it knows, and asks again later, when it can learn nothing', async () => {
    await network.start();
    const { seeds } = cluster;
    const known = moves;
    cluster.slots.push(
      () => [null],
      () => [null],
    );
    cluster.seeds = () => {
      throw new Error('canary');
    };
    await isRefused();
    await network.refresh();
    clock.advance(LOOK_MS);
    await settled();
    expect([moves, network.isUp]).toEqual([known, true]);
    [cluster.slots.length, cluster.seeds] = [0, seeds];
    clock.advance(LOOK_MS);
    await settled();
    expect(moves).toBe(known + 1);
  });

  it('starts as soon as the client of the application says where to begin', async () => {
    const { seeds } = cluster;
    cluster.seeds = () => {
      throw new Error('canary');
    };
    const started = network.start();
    await settled();
    cluster.seeds = seeds;
    clock.advance(LOOK_SOON_MS);
    await started;
    expect(network.isUp).toBe(true);
  });
});

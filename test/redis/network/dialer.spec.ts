import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { dialerOf, type RedisClientLike } from '../../../src/redis/network/dialer.js';
import { refused } from '../../support/caught.js';

const sentinel = (): unknown =>
  createSentinel({ name: 'a', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] });

describe('The client that is given', () => {
  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['an address', () => 'redis://127.0.0.1'],
    ['an object', () => ({})],
    ['a class', () => Redis],
    ['options', () => ({ host: '127.0.0.1', port: 6379 })],
    ['a pool of "redis"', () => createClientPool()],
    ['a Sentinel client of "redis"', sentinel],
  ])('is refused when it is %s', (_, client) => {
    const refusal = refused(() => dialerOf(client() as RedisClientLike, 1_000));
    expect(refusal?.code).toBe('invalid_options');
  });

  it('is refused when it is one of "redis" whose copies queue although they were told not to', () => {
    const client = createClient();
    const stubborn = Object.assign(Object.create(client) as typeof client, {
      duplicate: (options: object) => client.duplicate({ ...options, disableOfflineQueue: false }),
    });
    expect(refused(() => dialerOf(stubborn, 1_000))?.code).toBe('unsafe_options');
  });

  it.each<[string, () => RedisClientLike, boolean]>([
    ['one of "ioredis"', () => new Redis({ lazyConnect: true }), false],
    ['a cluster of "ioredis"', () => new Cluster([7000], { lazyConnect: true }), true],
    ['one of "redis"', () => createClient(), false],
    ['a cluster of "redis"', () => createCluster({ rootNodes: [{}] }), true],
  ])('is known for what it is: %s', (_, client, isCluster) => {
    expect(dialerOf(client(), 1_000).isCluster).toBe(isCluster);
  });
});

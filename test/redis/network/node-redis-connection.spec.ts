import {
  NodeRedisDialer,
  type NodeRedisLike,
} from '../../../src/redis/network/node-redis-connection.js';
import { Deferred } from '../../support/deferred.js';

const EVENTS = { message: () => undefined, closed: () => undefined };

describe('NodeRedisDialer', () => {
  it('leaves nothing connected behind when a cluster finds its node after the attempt was given up', async () => {
    const node = new Deferred<NodeRedisLike>();
    const cluster = { masters: [{ host: 'a', port: 1 }], nodeClient: () => node.promise };
    const attempt = new AbortController();
    const dialled = new NodeRedisDialer(cluster, 1_000).dial(EVENTS, attempt.signal);
    attempt.abort();
    let connects = 0;
    const copy = {
      options: { disableOfflineQueue: true },
      on: () => undefined,
      connect: async () => (connects += 1),
    };
    node.resolve({ options: {}, duplicate: () => copy } as unknown as NodeRedisLike);
    await expect(dialled).rejects.toThrow();
    expect(connects).toBe(0);
  });
});

import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { IoredisDialer } from '../../../src/redis/network/ioredis-connection.js';
import { NodeRedisDialer } from '../../../src/redis/network/node-redis-connection.js';

const ANNOUNCED = { host: '10.0.0.1', port: 6379 };
const REACHED = { host: '127.0.0.1', port: 30_001 };
const TABLE = { '10.0.0.1:6379': REACHED };
const asked = (address: string) => (address === '10.0.0.1:6379' ? REACHED : undefined);

describe('A cluster behind NAT', () => {
  it.each([
    ['a table', TABLE],
    ['a function', (address: string) => asked(address) ?? null],
  ])('is reached where the "natMap" of ioredis says: %s', (_, natMap) => {
    const client = new Cluster([REACHED], { lazyConnect: true, natMap });
    const dialer = new IoredisDialer(client, 1_000);
    expect(dialer.reachedAt(ANNOUNCED)).toEqual(REACHED);
    expect(dialer.reachedAt(REACHED)).toEqual(REACHED);
  });

  it.each([
    ['a table', TABLE],
    ['a function', asked],
  ])('is reached where the "nodeAddressMap" of redis says: %s', (_, nodeAddressMap) => {
    const client = createCluster({ rootNodes: [{}], nodeAddressMap });
    const dialer = new NodeRedisDialer(client, 1_000);
    expect(dialer.reachedAt(ANNOUNCED)).toEqual(REACHED);
    expect(dialer.reachedAt(REACHED)).toEqual(REACHED);
  });
});

import { A } from '../../../src/toolkit/engine-suite/engine-probe.js';
import { IOREDIS } from '../../support/redis/clients.js';
import { DEAF, engineOn } from '../../support/redis/redis-engine.js';
import { RedisServer } from '../../support/redis/redis-server.js';

it('A room that an older version has written goes on where it was, and still knows its ids', async () => {
  const server = await RedisServer.start();
  const client = IOREDIS.single(server.port);
  const { engine, store } = engineOn(client.client, 'older');
  await engine.start(DEAF);
  try {
    await engine.subscribe(A);
    const first = await engine.publish(A, '1', { publicationId: 'first' });
    expect(await server.command('HDEL', store.keys.placeOf(A).channel, 'mark')).toBe(1);
    expect(await engine.publish(A, '1', { publicationId: 'first' })).toEqual(first);
    expect(await engine.publish(A, '2', { publicationId: 'second' })).toEqual({
      ...first,
      offset: first.offset + 1,
    });
  } finally {
    await engine.stop();
    client.close();
    await server.stop();
  }
});

import { Redis } from 'ioredis';
import { RedisEngine, RoomgateRedisModule } from 'nestjs-roomgate/redis';
import { readDevKey } from '../chat/dev-issuer.js';
import { run } from '../chat/sentence.js';
import { HOST, readPort, serve } from '../chat/server.js';

/** One node: the chat example with its rooms in Redis. Started by main.ts, which tells it the ports. */
run(async () => {
  const { REDIS_PORT, BALANCER_PORT } = process.env;
  // roomgate connects in the same way by itself, so this one need not.
  const client = new Redis(Number(REDIS_PORT), HOST, { lazyConnect: true });
  // Whoever has started it is gone.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  await serve({
    key: readDevKey(),
    port: readPort(),
    otherPorts: [Number(BALANCER_PORT)],
    imports: [RoomgateRedisModule.forRoot({ client, namespace: 'chat' })],
    engine: RedisEngine,
  });
  process.send?.('ready');
});

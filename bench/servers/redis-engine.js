// RedisEngine as Nest makes it, with nothing around it: what it carries is counted.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { importRedisUnderTest } from './package-under-test.js';
import { countOne, useBus } from './publishing.js';
import { redisClient } from './redis-clients.js';

export { steps } from './publishing.js';

const HISTORY = { size: 100, ttlMs: 300_000, maxBytes: 1024 * 1024 };

/** @param {import('./publishing.js').PublishingOptions} options */
export async function start({ client, history: isKept, redisPort }) {
  const { RedisEngine, RoomgateRedisModule } = await importRedisUnderTest();
  const redis = { client: redisClient(client, redisPort), namespace: 'bench' };
  class AppModule {}
  Module({ imports: [RoomgateRedisModule.forRoot(redis)], providers: [RedisEngine] })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  const engine = app.get(RedisEngine);
  const history = isKept ? HISTORY : undefined;
  useBus({
    subscribe: (room) => engine.subscribe(room, history),
    publish: (room, body, publicationId) => engine.publish(room, body, { publicationId, history }),
  });
  await engine.start({
    deliver: countOne,
    presence() {},
    interrupted() {
      throw new Error('publications were lost');
    },
  });
}

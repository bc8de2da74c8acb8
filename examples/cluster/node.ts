import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { RoomgateModule } from 'nestjs-roomgate';
import { RedisEngine, RoomgateRedisModule } from 'nestjs-roomgate/redis';
import { ChatGateway } from '../chat/src/chat.gateway.js';
import { ChatPolicy } from '../chat/src/chat.policy.js';
import { devIssuer, HOST, readDevKey, readPort } from '../support/development.js';
import { run } from '../support/sentence.js';

/** One node: the chat example with its rooms in Redis. Started by main.ts, which passes the ports. */
run(async () => {
  const { REDIS_PORT, BALANCER_PORT } = process.env;
  const port = readPort();
  // roomgate connects in the same way by itself, so this one need not.
  const client = new Redis(Number(REDIS_PORT), HOST, { lazyConnect: true });
  // Its parent is gone.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

  @Module({
    imports: [
      RoomgateRedisModule.forRoot({ client, namespace: 'chat' }),
      RoomgateModule.forRoot({
        issuers: [devIssuer(readDevKey())],
        allowedHosts: [port, Number(BALANCER_PORT)].flatMap((it) => [
          `${HOST}:${it}`,
          `localhost:${it}`,
        ]),
        rooms: {
          chat: { history: true, presence: { describe: (who) => ({ info: who.subject }) } },
        },
        engine: RedisEngine,
      }),
    ],
    providers: [ChatGateway, ChatPolicy],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  await app.listen(port, HOST);
  process.send?.('ready');
});

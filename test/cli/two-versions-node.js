/**
 * One node of two-versions.js, in plain JavaScript so that it runs in any tree: `nestjs-roomgate` is the package whose
 * folder this file lies in. Does what its parent asks over the process channel.
 */
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RevocationService, RoomGateway, roomgateConfig } from 'nestjs-roomgate';
import { RoomgateModule, RoomService } from 'nestjs-roomgate';
import { RedisEngine, RedisRevocationStore, RoomgateRedisModule } from 'nestjs-roomgate/redis';

const { REDIS_PORT } = process.env;

class ChatGateway {}
RoomGateway('/chat/:room', { rooms: 'chat' })(ChatGateway);

class AppModule {}
Module({
  imports: [
    RoomgateRedisModule.forRoot({
      client: new Redis(Number(REDIS_PORT), '127.0.0.1', { lazyConnect: true }),
      namespace: 'two-versions',
    }),
    RoomgateModule.forRootAsync({
      ...roomgateConfig.asProvider(),
      engine: RedisEngine,
      revocationStore: RedisRevocationStore,
    }),
  ],
  providers: [ChatGateway],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
process.once('disconnect', () => process.exit());

/** @param {string} id */
const roomOf = (id) => {
  const rooms = app.get(RoomService);
  // Before 0.2 a name came first.
  return rooms.of ? rooms.of('chat').room(id) : rooms.room(id, 'chat');
};

const asked = {
  port: () => app.getHttpServer().address().port,
  broadcast: (room, data) => roomOf(room).broadcast('said', data),
  close: (room) => roomOf(room).close(),
  disconnect: (subject) => app.get(RevocationService).disconnect({ subject }),
  revokeToken: (jti) => app.get(RevocationService).revokeToken(jti),
  block: (subject) => app.get(RevocationService).block({ subject }),
  unblock: (subject) => app.get(RevocationService).unblock({ subject }),
};
process.on('message', async ([name, ...args]) => {
  try {
    process.send({ answer: await asked[name](...args) });
  } catch (error) {
    process.send({ error: String(error) });
  }
});
process.send({ answer: 'ready' });

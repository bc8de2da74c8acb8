import { NestFactory } from '@nestjs/core';
import { RoomgateAdapter } from 'nestjs-roomgate';
import { AppModule } from './app.module.js';

async function bootstrap(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.useWebSocketAdapter(new RoomgateAdapter(app)); // its verifyClient sees every upgrade
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000, '127.0.0.1');
}
await bootstrap();

// The Nest application around a gateway, the same for every server under Nest.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/**
 * @param {import('@nestjs/common').ModuleMetadata} metadata
 * @param {(app: import('@nestjs/common').INestApplication) => void} [prepare]
 * @returns {Promise<import('./server.types.js').Listening>}
 */
export async function listenWithNest(metadata, prepare) {
  class AppModule {}
  Module(metadata)(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false });
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return { port: app.getHttpServer().address().port };
}

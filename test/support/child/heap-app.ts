/** Why this is a process of its own: a heap snapshot must not show tokens that the test itself holds. It never makes a token. */
import type { AddressInfo, Server } from 'node:net';
import { writeHeapSnapshot } from 'node:v8';
import { NestFactory } from '@nestjs/core';
import { type IssuerOptions, RoomgateModule } from 'nestjs-roomgate';

const issuers = JSON.parse(process.argv[2] ?? '[]') as IssuerOptions[];
const app = await NestFactory.create(
  {
    module: class {},
    imports: [
      RoomgateModule.forRoot({ issuers, defaultGateway: '/:room', backChannelLogout: '/logout' }),
    ],
  },
  { logger: false },
);
await app.listen(0, '127.0.0.1');
const server = app.getHttpServer() as Server;

process.on('message', (request: { snapshot?: string; close?: true }) => {
  if (request.close) void app.close().then(() => process.disconnect());
  else if (request.snapshot) {
    writeHeapSnapshot(request.snapshot);
    process.send?.({});
  } else process.send?.({ lastInput: Reflect.get(RegExp, '$_') as string });
});
process.send?.({ port: (server.address() as AddressInfo).port });

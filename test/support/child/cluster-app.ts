/** Two workers of node:cluster, each of which boots an app with rooms in memory and ends. */
import cluster from 'node:cluster';
import { NestFactory } from '@nestjs/core';
import { type IssuerOptions, RoomgateModule } from 'nestjs-roomgate';

if (cluster.isPrimary) for (let worker = 0; worker < 2; worker++) cluster.fork();
else {
  const issuers = JSON.parse(process.argv[2] ?? '[]') as IssuerOptions[];
  const app = await NestFactory.create({
    module: class {},
    imports: [RoomgateModule.forRoot({ issuers, defaultGateway: '/:room' })],
  });
  await app.init();
  await app.close();
  cluster.worker?.disconnect();
}

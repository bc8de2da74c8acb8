/**
 * A server, over the memory engine or over the Redis whose port is given, that says how much of its memory is in use. Why it is a
 * process of its own: neither the clients nor Jest may be counted.
 */
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { RoomgateModule, RoomService } from 'nestjs-roomgate';
import { RedisEngine, RoomgateRedisModule } from 'nestjs-roomgate/redis';
import { TestIssuer } from 'nestjs-roomgate/testing';
import { MemoryEngine } from '../../../src/room/engine/memory/memory.engine.js';
import { RoomgateNode } from '../../../src/module/node.js';
import { heapBytes } from '../heap-bytes.js';

const [, , redisPort] = process.argv;
const issuer = new TestIssuer();
const client = redisPort ? new Redis(Number(redisPort)) : undefined;
if (client) await once(client, 'ready');
const app = await NestFactory.create(
  {
    module: class {},
    imports: [
      ...(client ? [RoomgateRedisModule.forRoot({ client, namespace: 'unread' })] : []),
      RoomgateModule.forRoot({
        issuers: [issuer.options],
        engine: client ? RedisEngine : MemoryEngine,
        defaultGateway: '/:room',
        maxMessagesPerWindow: 0,
        rooms: { default: { history: true } },
      }),
    ],
  },
  { logger: false },
);
await app.listen(0, '127.0.0.1');
const rooms = app.get(RoomService, { strict: false });

/** Of what is in use, heap and buffers, after all garbage has been collected. */
function bytesInUse(): number {
  // V8 frees the buffers of one collection beside the program, at the latest before the next one.
  heapBytes();
  return heapBytes() + process.memoryUsage().external;
}

const { registry } = app.get(RoomgateNode, { strict: false });
const memberships = (): number =>
  [...registry.all()].reduce((sum, connection) => sum + connection.memberships.length, 0);

/** Has the kernel take for each member what it takes, so that the next bytes wait here. */
async function fill(): Promise<void> {
  for (const connection of registry.all())
    while (connection.outbox.backlogBytes === 0) {
      connection.send('fill', 'x'.repeat(30_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
}

interface Request {
  readonly mint?: object;
  readonly say?: { readonly rooms: readonly string[]; readonly text: string };
  readonly fill?: true;
  readonly count?: true;
  readonly close?: true;
}

process.on('message', ({ mint, say, fill: isFill, count, close }: Request) => {
  if (close) {
    void app.close().then(() => {
      client?.disconnect();
      process.disconnect();
    });
  } else if (say) {
    const said = say.rooms.map((room) => rooms.room(room).broadcast('said', say.text));
    void Promise.all(said).then((positions) => process.send?.({ positions }));
  } else if (isFill) void fill().then(() => process.send?.({}));
  else if (count) process.send?.({ memberships: memberships() });
  else if (mint) process.send?.({ token: issuer.mint(mint) });
  else process.send?.({ bytes: bytesInUse() });
});
process.send?.({ port: ((app.getHttpServer() as Server).address() as AddressInfo).port });

import { Controller, Get, Injectable } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  ThrottlerException,
  ThrottlerGuard,
  ThrottlerModule,
  type ThrottlerRequest,
} from '@nestjs/throttler';
import { SubscribeMessage } from '@nestjs/websockets';
import { type RoomConnection, RoomGateway } from 'nestjs-roomgate';
import { createRoomgateTestbed, type TestConnection } from 'nestjs-roomgate/testing';

/** Why this is a process of its own: @nestjs/throttler is CommonJS and requires Nest, which is ESM; Jest cannot do that on Node 20. */
const LIMIT = 3;

/** As the README shows it: the stock guard reads an HTTP request and sets headers on its response. */
@Injectable()
class RoomThrottlerGuard extends ThrottlerGuard {
  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, throttler, blockDuration, generateKey } = request;
    if (context.getType() !== 'ws') return super.handleRequest(request);
    const connection = context.switchToWs().getClient<RoomConnection>();
    const name = throttler.name ?? 'default';
    const key = generateKey(context, connection.user.identity, name);
    const { isBlocked } = await this.storageService.increment(key, ttl, limit, blockDuration, name);
    if (isBlocked) throw new ThrottlerException();
    return true;
  }
}

let handled = 0;

@RoomGateway('/:room')
class PingGateway {
  @SubscribeMessage('ping')
  ping(): string {
    handled += 1;
    return 'pong';
  }
}

@Controller('status')
class StatusController {
  @Get()
  status(): string {
    return 'fine';
  }
}

const testbed = await createRoomgateTestbed({
  imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: LIMIT }])],
  providers: [PingGateway, { provide: APP_GUARD, useClass: RoomThrottlerGuard }],
  controllers: [StatusController],
});

async function ping(connection: TestConnection): Promise<unknown> {
  const { event, data } = await connection.request('ping');
  return [
    connection.hello.sub,
    event,
    event === 'exception' ? (data as { code: string }).code : data,
  ];
}

const alice = await testbed.connectAs({ sub: 'alice' });
const alsoAlice = await testbed.connectAs({ sub: 'alice' });
const bob = await testbed.connectAs({ sub: 'bob' });
const messages: unknown[] = [];
for (const connection of [alice, alice, alsoAlice, alice, alsoAlice, bob])
  messages.push(await ping(connection));

const server = (await testbed.app.listen(0, '127.0.0.1')) as { address(): { port: number } };
const statuses: number[] = [];
for (let sent = 0; sent <= LIMIT; sent++)
  statuses.push((await fetch(`http://127.0.0.1:${server.address().port}/status`)).status);
await testbed.close();
process.send?.({ messages, handled, statuses });
process.disconnect();

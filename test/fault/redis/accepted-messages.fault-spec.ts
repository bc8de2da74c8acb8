import { randomUUID } from 'node:crypto';
import type { AddressInfo, Server } from 'node:net';
import { ConnectedSocket, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentRoom,
  type Room,
  type RoomConnection,
  RoomGateway,
  RoomgateModule,
} from 'nestjs-roomgate';
import { RedisEngine, RoomgateRedisModule } from 'nestjs-roomgate/redis';
import type { RoomgateTestbed } from 'nestjs-roomgate/testing';
import { eventually } from '../../support/poll.js';
import { clientFrame, maskedText, OPCODE } from '../../support/raw-frames.js';
import { RawClient, upgradeBytes } from '../../support/raw-http.js';
import { type AppClient, CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { systemTestbed } from '../../support/system-testbed.js';
import { TestIssuer } from 'nestjs-roomgate/testing';

const handled: string[] = [];

@RoomGateway('/:room')
class SlowGateway {
  handleDisconnect(): void {
    handled.push('gone');
  }

  @SubscribeMessage('say')
  async say(
    @CurrentRoom() room: Room,
    @ConnectedSocket() { principal }: RoomConnection,
  ): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await room.broadcast('said');
    handled.push(principal.subject);
  }
}

const fiveMessages = Buffer.concat(Array.from({ length: 5 }, () => maskedText('{"event":"say"}')));
const close = clientFrame({ opcode: OPCODE.close, payload: Buffer.from([3, 232]) });

describe.each(CLIENTS)('Five messages over a real Redis, by $name', ({ single }) => {
  const issuer = new TestIssuer();
  let server: RedisServer;
  let redis: AppClient;
  let testbed: RoomgateTestbed;
  let port: number;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = single(server.port);
    await redis.ready;
    testbed = await systemTestbed(
      {
        imports: [
          RoomgateRedisModule.forRoot({ client: redis.client as never, namespace: 'test' }),
          RoomgateModule.forRoot({ issuers: [issuer.options], engine: RedisEngine }),
        ],
        providers: [SlowGateway],
      },
      issuer,
    );
    await testbed.app.listen(0, '127.0.0.1');
    port = ((testbed.app.getHttpServer() as Server).address() as AddressInfo).port;
  });
  beforeEach(() => {
    handled.length = 0;
  });
  afterAll(async () => {
    await testbed.close();
    redis.close();
    await server.stop();
  });

  async function connect(): Promise<RawClient> {
    const room = randomUUID();
    const token = issuer.mint({ sub: 'alice', rooms: [room] });
    const client = await RawClient.open(port);
    client.write(upgradeBytes({ target: `/${room}`, headers: [`Authorization: Bearer ${token}`] }));
    await client.until((bytes) => bytes.includes('hello'));
    return client;
  }

  it.each<[string, (client: RawClient) => unknown]>([
    [
      'a close stands behind them in one packet',
      ({ socket }) => socket.write(Buffer.concat([fiveMessages, close])),
    ],
    ['the client ends its side behind them', ({ socket }) => socket.end(fiveMessages)],
  ])('are all handled when %s', async (_how, send) => {
    const client = await connect();
    send(client);
    await client.closed;
    await eventually(() => handled.includes('gone'), 'the connection to be gone');
    expect(handled).toEqual([...Array.from({ length: 5 }, () => 'alice'), 'gone']);
  });
});

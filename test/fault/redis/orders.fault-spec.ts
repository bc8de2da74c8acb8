import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RevocationService, RoomPublisher, RoomPublisherModule } from 'nestjs-roomgate';
import { RedisEngine, RoomgateRedisModule } from 'nestjs-roomgate/redis';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { eventually, HEALED_MS } from '../../support/poll.js';
import { type AppClient, CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { BanPolicy, RoomNodes } from '../../support/redis/room-nodes.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

describe.each(CLIENTS)('What one node takes away, by $name', ({ single }) => {
  const room = randomUUID();
  let server: RedisServer;
  let proxy: TcpProxy;
  let nodes: RoomNodes;

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
    nodes = await RoomNodes.start([single(server.port), single(proxy.port)]);
  });
  afterEach(async () => {
    BanPolicy.banned.clear();
    await proxy.heal();
    await nodes.close();
    await proxy.close();
    await server.stop();
  });

  const enter = (sub: string, name = 'kept'): Promise<TestConnection> =>
    nodes.nodes[1]!.connectAs({ path: `/${name}/${room}`, rooms: [room], sub });
  const disconnect = (subject: string): Promise<number> =>
    nodes.nodes[0]!.get(RevocationService).disconnect({ subject });
  const isClosed = ({ socket }: TestConnection): boolean => socket.readyState === socket.CLOSED;

  it('is taken away on another: a subject, a room, and rights that are not granted any more', async () => {
    const [alice, bob, carol] = [
      await enter('alice'),
      await enter('bob'),
      await enter('carol', 'bare'),
    ];
    expect(await disconnect('alice')).toBe(0);
    await alice.expectClosed(4440);
    BanPolicy.banned.add('bob');
    await nodes.rooms(0).reauthorize();
    await bob.expectClosed(4403);
    await nodes.rooms(0).room(room, 'bare').close();
    await carol.expectClosed(4404);
  });

  it('is taken away on a node that was cut off, within a second of its return', async () => {
    const [alice, bob] = [await enter('alice'), await enter('bob')];
    proxy.cut();
    await disconnect('alice');
    await nodes.rooms(0).room(room, 'bare').close();
    expect(isClosed(alice)).toBe(false);
    await proxy.heal();
    await eventually(() => isClosed(alice), 'the order to be obeyed', HEALED_MS);
    expect(isClosed(bob)).toBe(false);
  });

  it('is found out by asking anew when the order is lost with Redis', async () => {
    const [alice, bob] = [await enter('alice'), await enter('bob')];
    proxy.cut();
    BanPolicy.banned.add('alice');
    await nodes.rooms(0).reauthorize({ identity: 'somebody' });
    await server.restart({ keepData: false });
    await proxy.heal();
    await eventually(() => isClosed(alice), 'rights to be asked for anew', HEALED_MS);
    expect(isClosed(bob)).toBe(false);
  });

  it('is not said to be taken away everywhere while Redis cannot be reached', async () => {
    await server.kill();
    await expect(disconnect('alice')).rejects.toMatchObject({ code: 'engine_unavailable' });
    await server.restart({ keepData: false });
  });

  it('is taken away by a worker too, which can speak to rooms and has none', async () => {
    const alice = await enter('alice');
    const client: AppClient = single(server.port);
    const { namespace } = nodes;
    const worker: INestApplicationContext = await NestFactory.createApplicationContext(
      {
        module: class Worker {},
        imports: [
          RoomgateRedisModule.forRoot({ client: client.client as never, namespace }),
          RoomPublisherModule.forRoot({
            engine: RedisEngine,
            rooms: { kept: { history: { size: 2_000, ttlMs: 60_000 } } },
          }),
        ],
      },
      { logger: false },
    );
    const handle = worker.get(RoomPublisher).room(room, 'kept');
    await handle.broadcast('news', 'of the worker');
    expect((await alice.next('news')).data).toBe('of the worker');
    expect((await handle.history()).publications).toHaveLength(1);
    await handle.close();
    await alice.expectClosed(4404);
    await worker.close();
    client.close();
  });
});

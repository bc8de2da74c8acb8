import { FakeClock, TestIssuer } from 'nestjs-roomgate/testing';
import { RedisRevocationStore, RoomgateRedisModule } from 'nestjs-roomgate/redis';
import type { RedisClientLike } from '../../../src/redis/network/dialer.js';
import { dial } from '../../support/dial.js';
import { eventually } from '../../support/poll.js';
import { CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { type RoomApp, startRoomApp } from '../../support/room-app.js';

const ROOM = '11111111-1111-4111-8111-111111111111';
const ALICE = { subject: 'alice' };

describe.each(CLIENTS)('Two nodes with RedisRevocationStore by $name', (kind) => {
  it('close what was revoked on the other, and admit it no more', async () => {
    const server = await RedisServer.start();
    const clients = [kind.single(server.port), kind.single(server.port)];
    const apps: RoomApp[] = [];
    const issuer = new TestIssuer(() => new FakeClock().now());
    try {
      for (const { client } of clients)
        apps.push(
          await startRoomApp({
            roomgate: { issuers: [issuer.options] },
            defaultGateway: '/:room',
            revocationStore: RedisRevocationStore,
            imports: [
              RoomgateRedisModule.forRoot({
                client: client as RedisClientLike,
                namespace: 'test',
              }),
            ],
          }),
        );
      const [here, there] = apps as [RoomApp, RoomApp];
      const token = issuer.mint({ rooms: [ROOM] });
      const connection = await dial(there.port, `/${ROOM}`, token);
      await here.node.revocation.block(ALICE);
      await connection.expectClosed(4440);
      await expect(dial(there.port, `/${ROOM}`, token)).rejects.toThrow('401');
      await here.node.revocation.unblock(ALICE);
      await eventually(
        () =>
          dial(there.port, `/${ROOM}`, token).then(
            () => true,
            () => false,
          ),
        'it to be admitted again',
        1_000,
      );
    } finally {
      await Promise.all(apps.map((app) => app.close()));
      for (const client of clients) client.close();
      await server.stop();
    }
  });
});

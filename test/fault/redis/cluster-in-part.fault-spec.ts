import { jest } from '@jest/globals';
import { type AppClient, CLIENTS } from '../../support/redis/clients.js';
import { eventually } from '../../support/poll.js';
import { RedisCluster } from '../../support/redis/redis-cluster.js';
import { RoomNodes } from '../../support/redis/room-nodes.js';
import { RedisKeys } from '../../../src/redis/keys.js';
import { ORDERS_KEY } from '../../../src/room/orders.js';
import { randomUUID } from 'node:crypto';

jest.setTimeout(90_000);

describe.each(CLIENTS)('A cluster of which one master is gone, by $name', ({ cluster }) => {
  let servers: RedisCluster;
  let nodes: RoomNodes;
  beforeEach(async () => {
    servers = await RedisCluster.start({ config: { 'cluster-require-full-coverage': 'no' } });
    const clients = [0, 1].map((): AppClient => cluster(servers.ports));
    nodes = await RoomNodes.start(clients);
  });
  afterEach(async () => {
    await nodes.close();
    await servers.stop();
  });

  it('has the orders of a room on another master carried there, and lets a node start that says so', async () => {
    const keys = new RedisKeys(nodes.namespace);
    const masterOf = async (key: string) =>
      servers.masterOf(await servers.slotOf(keys.of(key).channel));
    const orders = await masterOf(ORDERS_KEY);
    let room = randomUUID();
    while ((await masterOf(`bare/${room}`)) === orders) room = randomUUID();
    const member = await nodes.nodes[1]!.connectAs({ path: `/bare/${room}`, rooms: [room] });
    const closed = new Promise((resolve) => member.socket.once('close', resolve));
    const lateClient = cluster(servers.ports);
    await lateClient.ready;
    await orders.kill();
    await eventually(
      async () => {
        const asked = nodes.rooms(0).room(room, 'bare').close();
        return asked.then(
          () => true,
          () => false,
        );
      },
      'the room to be closed',
      20_000,
    );
    expect(await closed).toBe(4404);

    const late = await nodes.add(lateClient, 2_000);
    const newcomer = await late.connectAs({ path: `/bare/${room}`, rooms: [room] });
    const said = new Promise((resolve) => newcomer.socket.once('message', resolve));
    await nodes.rooms(0).room(room, 'bare').broadcast('said');
    expect(String(await said)).toContain('"said"');
  });
});

import { randomUUID } from 'node:crypto';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { eventually } from '../../support/poll.js';
import { CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { RoomNodes } from '../../support/redis/room-nodes.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

describe.each(CLIENTS)('Presence over Redis, by $name', ({ single }) => {
  const room = randomUUID();
  let server: RedisServer;
  let proxy: TcpProxy;
  let nodes: RoomNodes;
  let heard: string[];

  /** A member of the room on a node; what it hears of others goes into the list. */
  const enter = async (node: number, sub: string, news: string[] = []): Promise<TestConnection> => {
    const testbed = nodes.nodes[node];
    if (!testbed) throw new Error('There is no such node.');
    const client = await testbed.connectAs({ path: `/kept/${room}`, rooms: [room], sub });
    client.socket.on('message', (bytes) => {
      // oxlint-disable-next-line typescript/no-explicit-any -- whatever comes
      const { event, data } = JSON.parse((bytes as Buffer).toString()) as any;
      if (!event.startsWith('presence.')) return;
      if (event === 'presence.gap') news.push(event);
      else for (const { id } of data.members) news.push(`${event} ${id}`);
    });
    return client;
  };
  const present = async (): Promise<string[]> => {
    const { members } = await nodes.rooms(0).room(room, 'kept').presence();
    return members.map(({ memberId }) => memberId);
  };

  beforeEach(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
    nodes = await RoomNodes.start([single(server.port), single(proxy.port), single(server.port)]);
    heard = [];
    await enter(0, 'watcher', heard);
  });
  afterEach(async () => {
    await proxy.heal();
    await nodes.close();
    await proxy.close();
    await server.stop();
  });

  it('tells members of one node who comes to another, and who goes', async () => {
    const client = await enter(1, 'alice');
    await eventually(() => heard.length === 2, 'news of who came');
    const [self, alice] = await present();
    expect(heard).toEqual([`presence.joined ${self}`, `presence.joined ${alice}`]);
    await client.close();
    await eventually(() => heard.length === 3, 'news of who went');
    expect([heard[2], await present()]).toEqual([`presence.left ${alice}`, [self]]);
  });

  it('takes the members of a node that is gone for gone in time, tells that once, and has them again', async () => {
    const others: string[] = [];
    await enter(2, 'other', others);
    await enter(1, 'alice');
    await enter(1, 'bob');
    await eventually(() => heard.length === 4, 'news of who came');
    const [self, other, alice, bob] = await present();
    proxy.cut();
    await eventually(async () => (await present()).length === 2, 'who is gone to be left out');
    await eventually(() => heard.length === 6, 'news of who is gone');
    expect(await present()).toEqual([self, other]);
    expect(heard.slice(4).toSorted()).toEqual(
      [`presence.left ${alice}`, `presence.left ${bob}`].toSorted(),
    );
    await proxy.heal();
    await eventually(async () => (await present()).length === 4, 'who is back');
    await eventually(() => heard.length === 8, 'news of who is back');
    expect(heard.slice(6).toSorted()).toEqual(
      [`presence.joined ${alice}`, `presence.joined ${bob}`].toSorted(),
    );
    expect(others.slice(-4).toSorted()).toEqual(heard.slice(-4).toSorted());
  });

  it('tells the members of a node that was cut off, and no others, that news may be missing', async () => {
    const news: string[] = [];
    await enter(1, 'alice', news);
    await eventually(() => heard.length === 2 && news.length > 0, 'news of who came');
    proxy.cut();
    await enter(2, 'bob');
    await eventually(() => heard.length === 3, 'news of who came meanwhile');
    const before = [...news];
    await proxy.heal();
    await eventually(() => news.includes('presence.gap'), 'word of the gap');
    expect(news).toEqual([...before, 'presence.gap']);
    expect(heard).not.toContain('presence.gap');
  });

  it('has everybody again when Redis has lost everybody', async () => {
    await enter(1, 'alice');
    await eventually(() => heard.length === 2, 'news of who came');
    const before = await present();
    await server.restart({ keepData: false });
    const isBack = async (): Promise<boolean> =>
      present().then(
        (now) => now.length === before.length,
        () => false,
      );
    await eventually(isBack, 'everybody to be back', 10_000);
  });
});

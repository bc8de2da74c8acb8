import { CLIENTS, type AppClient } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { RoomNodes } from '../../support/redis/room-nodes.js';
import { RoomPlay } from '../../support/redis/room-play.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

const NODES = 3;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(CLIENTS)('Three nodes over one Redis, by $name', ({ single }) => {
  let server: RedisServer;
  let proxies: TcpProxy[];
  let nodes: RoomNodes;

  const start = async (options: { persistent?: boolean } = {}): Promise<void> => {
    server = await RedisServer.start(options);
    proxies = [];
    for (let node = 0; node < NODES; node++)
      proxies.push(await TcpProxy.start(server.port, node + 1));
    nodes = await RoomNodes.start(proxies.map(({ port }): AppClient => single(port)));
  };
  const play = async (retries: boolean, faults: (play: RoomPlay) => Promise<void>) => {
    const played = new RoomPlay(nodes, retries);
    await played.begin();
    await faults(played);
    expect(await played.end()).toEqual([]);
    return played;
  };

  afterEach(async () => {
    for (const proxy of proxies) await proxy.heal();
    await nodes.close();
    for (const proxy of proxies) await proxy.close();
    await server.stop();
  });

  it('lose nothing when a node is cut off, and give its members what they missed', async () => {
    await start();
    const played = await play(true, async ({ passed }) => {
      for (let times = 0; times < 3; times++) {
        proxies[1]?.cut();
        await pause(150);
        await proxies[1]?.heal();
        await passed(30);
      }
    });
    expect(played.gaps('kept')).toBe(0);
    expect(played.gaps('bare')).toBeGreaterThan(0);
  });

  it('lose nothing when the network swallows what a node sends, or what it is sent', async () => {
    await start();
    const played = await play(true, async ({ passed, hasFailed }) => {
      for (const direction of ['toServer', 'toClient'] as const) {
        proxies[2]?.blackhole(direction);
        await hasFailed('kept');
        await proxies[2]?.heal();
        await passed(30);
      }
    });
    expect(played.gaps('kept')).toBe(0);
  });

  it('say nothing twice when answers are lost, and what was done is asked for again', async () => {
    await start();
    const played = await play(true, async ({ passed }) => {
      for (let times = 0; times < 5; times++) {
        await proxies[times % NODES]?.loseReplyTo('EVALSHA');
        await passed(10);
      }
    });
    expect(played.gaps('kept')).toBe(0);
    expect(played.failed('kept') + played.failed('bare')).toBeGreaterThan(0);
  });

  it('bring what comes late and in pieces into order', async () => {
    await start();
    const played = await play(true, async ({ passed }) => {
      proxies[0]?.split(7);
      proxies[1]?.delay(40);
      proxies[2]?.split(16, 'toClient');
      await passed(60);
    });
    expect(played.gaps('kept')).toBe(0);
  });

  it('go on where they were when Redis stood still', async () => {
    await start();
    const played = await play(true, async ({ passed, hasFailed }) => {
      await server.pause();
      await hasFailed('kept');
      server.resume();
      await passed(30);
    });
    expect(played.gaps('kept')).toBe(0);
  });

  it.each([
    ['with what it had', true],
    ['with nothing', false],
  ])('tell of a gap when Redis was killed and comes back %s', async (_, keepData) => {
    await start({ persistent: true });
    const played = await play(false, async ({ passed }) => {
      await server.restart({ keepData });
      await passed(30);
    });
    const members = played.members.length / 2;
    expect(played.gaps('kept')).toBeGreaterThanOrEqual(members);
    expect(played.gaps('bare')).toBeGreaterThanOrEqual(members);
  });

  it('tell of a gap when a replica takes over that has not got everything', async () => {
    await start();
    const link = await TcpProxy.start(server.port);
    const replica = await RedisServer.start({ replicaOf: link.port });
    try {
      await replica.waitForSync(server);
      let lost = 0;
      const played = await play(false, async ({ passed }) => {
        await replica.waitForSync(server);
        link.blackhole();
        await passed(30);
        const lag = await Promise.all([server, replica].map((one) => one.info('replication')));
        lost = Number(lag[0]?.master_repl_offset) - Number(lag[1]?.slave_repl_offset);
        await server.kill();
        await replica.promote();
        for (const proxy of proxies) {
          proxy.redirect(replica.port);
          proxy.disconnect();
        }
        await passed(30);
      });
      expect(lost).toBeGreaterThan(0);
      const members = played.members.length / 2;
      expect(played.gaps('kept')).toBeGreaterThanOrEqual(members);
      expect(played.gaps('bare')).toBeGreaterThanOrEqual(members);
    } finally {
      await nodes.close();
      await replica.stop();
      await link.close();
    }
  });
});

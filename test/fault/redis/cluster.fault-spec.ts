import { RedisKeys } from '../../../src/redis/keys.js';
import type { Position } from '../../../src/room/engine/engine.js';
import { eventually } from '../../support/poll.js';
import { type AppClient, CLIENTS } from '../../support/redis/clients.js';
import { RedisCluster } from '../../support/redis/redis-cluster.js';
import type { RedisServer } from '../../support/redis/redis-server.js';
import { RoomNodes } from '../../support/redis/room-nodes.js';
import { RoomPlay } from '../../support/redis/room-play.js';

const NODES = 3;
/** Publications that are not answered yet: few enough that each is called at once, or so many that most wait for a free call. */
const [FEW, MANY] = [100, 1_000];

describe.each(CLIENTS)('Three nodes over a cluster, by $name', ({ cluster }) => {
  let servers: RedisCluster;
  let nodes: RoomNodes;
  beforeAll(async () => {
    servers = await RedisCluster.start({ replicas: true, proxied: true });
  });
  afterAll(() => servers.stop());
  beforeEach(async () => {
    const clients = Array.from({ length: NODES }, (): AppClient => cluster(servers.ports));
    nodes = await RoomNodes.start(clients);
  });
  afterEach(() => nodes.close());

  /** Who has the room that keeps its history. */
  const slotOf = (played: RoomPlay): Promise<number> =>
    servers.slotOf(new RedisKeys(nodes.namespace).of(`kept/${played.room}`).channel);

  it('lose nothing, and give their members what they missed, when a master is out of reach for a while', async () => {
    const played = new RoomPlay(nodes, true);
    await played.begin();
    const proxy = servers.proxyOf(await servers.masterOf(await slotOf(played)));
    for (let times = 0; times < 2; times++) {
      proxy.cut();
      await played.hasFailed('kept');
      await proxy.heal();
      await played.passed(30);
    }
    expect(await played.end()).toEqual([]);
    expect(played.gaps('kept')).toBe(0);
  });

  it.each<[string, (slot: number, master: RedisServer) => Promise<void>]>([
    [
      'a replica takes over as planned',
      async (_, master) => servers.failover(servers.partnerOf(master)),
    ],
    [
      'a slot moves to another master',
      async (slot, master) => {
        const first = await servers.masterOf(0);
        await servers.moveSlot(slot, first === master ? await servers.masterOf(16_383) : first);
      },
    ],
    [
      'a master dies',
      async (_, master) => {
        await master.kill();
        await servers.waitForAgreement();
      },
    ],
  ])('lose nothing without a gap when %s', async (_, fault) => {
    const played = new RoomPlay(nodes, false);
    await played.begin();
    const slot = await slotOf(played);
    await fault(slot, await servers.masterOf(slot));
    await played.passed(30);
    expect(await played.end()).toEqual([]);
    expect(played.gaps('kept')).toBeGreaterThanOrEqual(played.members.length / 2);
  });

  it('hear again what a slot says that has moved away and back while nobody looked', async () => {
    const told: number[] = [];
    const played = new RoomPlay(nodes, false);
    const client = await nodes.nodes[1]!.connectAs({
      path: `/kept/${played.room}`,
      rooms: [played.room],
    });
    client.socket.on('message', () => told.push(Date.now()));
    const slot = await slotOf(played);
    const home = await servers.masterOf(slot);
    const first = await servers.masterOf(0);
    await servers.moveSlot(slot, first === home ? await servers.masterOf(16_383) : first);
    await servers.moveSlot(slot, home);
    const say = (): Promise<unknown> => nodes.rooms(0).room(played.room, 'kept').broadcast('said');
    let inTime = 0;
    await eventually(
      async () => {
        const before = told.length;
        const at = await say().then(Date.now, () => Infinity);
        await new Promise((resolve) => setTimeout(resolve, 300));
        inTime = told.slice(before).some((time) => time - at < 200) ? inTime + 1 : 0;
        // What is found missing by asking comes late, and not each time.
        return inTime >= 5;
      },
      'the room to be heard at once',
      15_000,
    );
  });

  it('keep the order of what one of them says without waiting while the slot moves away and back', async () => {
    const played = new RoomPlay(nodes, false);
    const slot = await slotOf(played);
    const home = await servers.masterOf(slot);
    const first = await servers.masterOf(0);
    const other = first === home ? await servers.masterOf(16_383) : first;
    const room = nodes.rooms(0).room(played.room, 'kept');
    const said: Promise<Position | undefined>[] = [];
    let unanswered = FEW;
    let isOver = false;
    const speak = async (): Promise<void> => {
      while (!isOver) {
        const position = room.broadcast('said', said.length);
        // While its keys are on their way some are refused.
        said.push(position.catch(() => undefined));
        await said.at(-unanswered);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const spoken = speak();
    try {
      for (const [times, master] of [other, home, other, home, other, home].entries()) {
        unanswered = times % 2 === 0 ? FEW : MANY;
        await servers.moveSlot(slot, master);
        const moved = said.length;
        const isAccepted = async (): Promise<boolean> =>
          said.length > moved && (await said.at(-1)) !== undefined;
        await eventually(isAccepted, 'the new owner to accept what was said', 15_000);
      }
    } finally {
      isOver = true;
      await spoken;
    }
    const positions = (await Promise.all(said)).filter((position) => position !== undefined);
    const epochs = [...new Set(positions.map(({ epoch }) => epoch))];
    const placeOf = ({ epoch, offset }: Position): number => epochs.indexOf(epoch) * 1e9 + offset;
    const places = positions.map(placeOf);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });
});

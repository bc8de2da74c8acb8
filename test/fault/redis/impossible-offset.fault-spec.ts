import { randomUUID } from 'node:crypto';
import { RedisKeys } from '../../../src/redis/keys.js';
import { eventually } from '../../support/poll.js';
import { CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { ROOM_NAMES, RoomNodes } from '../../support/redis/room-nodes.js';

/** The node asks Redis where the room is, and is told in a moment. */
const HEALED_MS = 5_000;

describe.each(CLIENTS)('A publication of an impossible offset, by $name', ({ single }) => {
  let server: RedisServer;
  let nodes: RoomNodes;
  beforeEach(async () => {
    server = await RedisServer.start();
    nodes = await RoomNodes.start([single(server.port)]);
  });
  afterEach(async () => {
    await nodes.close();
    await server.stop();
  });

  it.each(
    ROOM_NAMES.flatMap((name) => [
      [name, 'the largest offset', Number.MAX_SAFE_INTEGER, undefined] as const,
      [name, 'an offset far ahead', 1_000_000, undefined] as const,
      [name, 'a number that is no offset', '99999999999999999999', undefined] as const,
      [name, 'the largest offset of another epoch', Number.MAX_SAFE_INTEGER, 'forged'] as const,
    ]),
  )('does not silence a room named %s: %s', async (name, _, offset, epoch) => {
    const [node] = nodes.nodes;
    if (!node) throw new Error('There is a node.');
    const room = randomUUID();
    const alice = await node.connectAs({ path: `/${name}/${room}`, rooms: [room], sub: 'alice' });
    const handle = nodes.rooms(0).room(room, name);
    const first = await handle.broadcast('news', 'before');
    expect((await alice.next('news')).data).toBe('before');
    const { channel } = new RedisKeys(nodes.namespace).placeOf(`${name}/${room}`);
    const forged = `1P${epoch ?? first.epoch} ${offset} 1\nforged\n{"event":"forged"}`;
    await server.command('PUBLISH', channel, forged);
    let said = 0;
    await eventually(
      async () => {
        const heard = alice.waiting.filter(({ event }) => event === 'news').length;
        if (heard === 0) await handle.broadcast('news', (said += 1));
        return heard > 0;
      },
      'the room to be heard again',
      HEALED_MS,
    );
    const { data } = await alice.next('news');
    // What comes from now on is whole and in order.
    for (let next = Number(data) + 1; next <= said; next++)
      expect((await alice.next('news')).data).toBe(next);
    await handle.broadcast('news', 'last');
    expect((await alice.next('news')).data).toBe('last');
  });
});

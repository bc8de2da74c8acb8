import { RevocationService, RevocationStore, RoomService } from 'nestjs-roomgate';
import type { RoomgateTestbed, TestConnection } from 'nestjs-roomgate/testing';
import { ORDERS_HISTORY, ORDERS_KEY } from '../../src/room/orders.js';
import { banned, deciding, resetSeams } from '../support/gated-seams.js';
import { heard, OTHER_ROOM, ROOM } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';
import { TwoNodes } from '../support/two-nodes.js';

type Client = TestConnection;
type Give = (by: RoomgateTestbed, alice: Client) => Promise<unknown>;

const roomOf = (by: RoomgateTestbed) => by.get(RoomService).room(ROOM);
const ban = (): void => void banned.add(`alice ${ROOM}`);

/** Every order, the close it means for alice, whom else it closes, and what it tells of the node that gave it. */
const ORDERS: readonly (readonly [string, number, boolean, Give, unknown])[] = [
  ['the close of a room', 4404, true, (by) => roomOf(by).close(), 2],
  [
    'disconnecting from a room',
    4440,
    false,
    (by, alice) => roomOf(by).disconnect(serverEnd(by, alice).principal),
    1,
  ],
  [
    'disconnecting a subject',
    4440,
    false,
    (by) => by.get(RevocationService).disconnect({ subject: 'alice' }),
    1,
  ],
  [
    'disconnecting a room',
    4440,
    true,
    (by) => by.get(RevocationService).disconnect({ room: ROOM }),
    2,
  ],
  [
    'reauthorizing a room',
    4403,
    false,
    (by) => {
      ban();
      return roomOf(by).reauthorize();
    },
    { kept: 1, left: 1 },
  ],
  [
    'reauthorizing a principal',
    4403,
    false,
    (by, alice) => {
      ban();
      return by.get(RoomService).reauthorize(serverEnd(by, alice).principal);
    },
    { kept: 0, left: 1 },
  ],
  [
    'reauthorizing everybody',
    4403,
    false,
    (by) => {
      ban();
      return by.get(RoomService).reauthorize();
    },
    { kept: 2, left: 1 },
  ],
];

describe.each([undefined, 1, 2])('Two nodes (seed %p)', (seed) => {
  let nodes: TwoNodes;
  let one: RoomgateTestbed;
  let two: RoomgateTestbed;

  beforeEach(async () => {
    nodes = await TwoNodes.start(seed);
    ({ one, two } = nodes);
  });
  afterEach(async () => {
    resetSeams();
    await nodes.close();
  });

  const enter = (at: RoomgateTestbed, sub = 'alice', room = ROOM): Promise<Client> =>
    at.connectAs({ sub, rooms: [room] });
  const isOpen = (at: RoomgateTestbed, client: Client): boolean =>
    nodeOf(at).registry.get(client.hello.connectionId)?.isOpen ?? false;

  describe.each(ORDERS)('%s', (_what, code, isForAll, give, told) => {
    it('reaches the other node, and is carried out once on its own', async () => {
      const alices = [await enter(one), await enter(two)] as const;
      const bobs = [await enter(one, 'bob'), await enter(two, 'bob')] as const;
      const carol = await enter(one, 'carol', OTHER_ROOM);
      const done = give(one, alices[0]);
      if (code !== 4403) expect(isOpen(one, alices[0])).toBe(false);
      expect(await done).toEqual(told);
      for (const alice of alices) await alice.expectClosed(code);
      await nodes.settle();
      const events = code === 4403 ? ['room.left', 'goodbye'] : ['goodbye'];
      for (const alice of alices) expect(heard(alice)).toEqual(events);
      expect([isOpen(one, bobs[0]), isOpen(two, bobs[1])]).toEqual([!isForAll, !isForAll]);
      expect(isOpen(one, carol)).toBe(true);
    });

    it('leaves nothing to be read on the other node of what is said behind it', async () => {
      const alices = [await enter(one), await enter(two)] as const;
      await give(one, alices[0]);
      await nodes.settle();
      await roomOf(one).broadcast('said', 'late');
      await alices[1].expectClosed(code);
      expect(heard(alices[1])).not.toContain('said late');
    });
  });

  it('those that are closing already are not asked about', async () => {
    const alice = await enter(one);
    await enter(one, 'bob');
    const service = one.get(RoomService);
    const { principal } = serverEnd(one, alice);
    void roomOf(one).disconnect(principal);
    const asked = [
      service.reauthorize(),
      service.reauthorize(principal),
      roomOf(one).reauthorize(),
    ];
    const [all, own, room] = await Promise.all(asked);
    expect([all, own, room]).toEqual([
      { kept: 1, left: 0 },
      { kept: 0, left: 0 },
      { kept: 1, left: 0 },
    ]);
  });

  it('one connection is disconnected wherever it is', async () => {
    const [here, there] = [await enter(one), await enter(two)];
    const { connectionId } = there.hello;
    expect(await one.get(RevocationService).disconnect({ connectionId })).toBe(0);
    await there.expectClosed(4440);
    expect(isOpen(one, here)).toBe(true);
  });

  it.each<[string, (by: RoomgateTestbed) => Promise<unknown>]>([
    ['the room is closed', (by) => roomOf(by).close()],
    ['the room is reauthorized', (by) => roomOf(by).reauthorize()],
    ['somebody is disconnected', (by) => roomOf(by).disconnect({ identity: 'i' })],
    ['the room is disconnected', (by) => by.get(RevocationService).disconnect({ room: ROOM })],
    ['a subject is reauthorized', (by) => by.get(RoomService).reauthorize({ identity: 'i' })],
    ['everybody is reauthorized', (by) => by.get(RoomService).reauthorize()],
  ])(
    'who is at the door of the other one has to come again when %s meanwhile',
    async (_what, give) => {
      deciding.hold();
      const token = two.mint({ rooms: [ROOM] });
      const refused = two.expectRefused(503, 'unavailable', { token, path: `/${ROOM}` });
      await nodes.settle();
      expect(deciding.waiting).toBe(1);
      await give(one);
      await nodes.settle();
      deciding.open();
      expect((await refused).headers['retry-after']).toBeDefined();
      expect(nodeOf(two).registry.size).toBe(0);
    },
  );

  it('who is at the door of another room need not come again', async () => {
    deciding.hold();
    const knocking = enter(two, 'alice', OTHER_ROOM);
    await nodes.settle();
    await roomOf(one).close();
    await nodes.settle();
    deciding.open();
    expect((await knocking).hello.room).toBe(OTHER_ROOM);
  });

  it.each<[string, object | string]>([
    ['that grants', { version: 1, kind: 'grant', key: `default/${ROOM}`, identity: 'i' }],
    ['of a version to come', { version: 2, kind: 'close', key: `default/${ROOM}` }],
    ['that is none', 'x'],
  ])('an order %s grants nothing, and all rights are asked for anew', async (_what, order) => {
    const [alice, bob] = [await enter(two), await enter(two, 'bob')];
    ban();
    let loads = 0;
    two.get(RevocationStore).refresh = () => void (loads += 1);
    const body = JSON.stringify(typeof order === 'string' ? order : { from: 'forged', ...order });
    const [view] = nodes.views;
    view.publish(ORDERS_KEY, body, { publicationId: 'forged', history: ORDERS_HISTORY });
    await alice.expectClosed(4403);
    expect(await bob.request('work')).toMatchObject({ event: 'ack' });
    const token = two.mint({ rooms: [ROOM] });
    await two.expectRefused(403, undefined, { token, path: `/${ROOM}` });
    expect(loads).toBe(1);
  });

  it('orders that the other one missed are obeyed when it is reached again', async () => {
    const [alice, bob] = [await enter(two), await enter(two, 'bob', OTHER_ROOM)];
    const [, view] = nodes.views;
    view.isCut = true;
    await one.get(RevocationService).disconnect({ subject: 'alice' });
    await roomOf(one).close();
    await nodes.settle();
    expect([isOpen(two, alice), isOpen(two, bob)]).toEqual([true, true]);
    view.heal();
    await alice.expectClosed(4440);
    await one.get(RevocationService).disconnect({ subject: 'bob' });
    await bob.expectClosed(4440);
  });

  it('orders that are lost are made up for by asking for all rights anew', async () => {
    const [alice, bob] = [await enter(two), await enter(two, 'bob')];
    const [, view] = nodes.views;
    view.isCut = true;
    ban();
    await roomOf(one).reauthorize();
    await nodes.settle();
    nodes.shared.forget(ORDERS_KEY);
    expect(isOpen(two, alice)).toBe(true);
    view.heal();
    await alice.expectClosed(4403);
    expect(await bob.request('work')).toMatchObject({ event: 'ack' });
    await roomOf(one).close();
    await bob.expectClosed(4404);
  });
});

describe('A node', () => {
  afterEach(resetSeams);

  it('asks about a hundred connections at a time, however many an order concerns', async () => {
    const nodes = await TwoNodes.start(undefined, {
      // All come from one address, which may have 5 % of the pending upgrades.
      roomgate: { maxConnectionsPerSubject: 200, maxPendingUpgrades: 10_000 },
    });
    const clients = await Promise.all(
      Array.from({ length: 120 }, () => nodes.two.connectAs({ rooms: [ROOM] })),
    );
    deciding.hold();
    const service = nodes.one.get(RoomService);
    await service.reauthorize();
    await nodes.settle();
    expect(deciding.waiting).toBe(100);
    // Asked while they are being asked, everybody is asked once more, and not twice.
    await service.reauthorize();
    await service.reauthorize();
    await nodes.settle();
    expect(deciding.waiting).toBe(100);
    let answers = 0;
    for (; deciding.waiting > 0; answers += 1) {
      deciding.letGo();
      await new Promise((resolve) => setImmediate(resolve));
      expect(deciding.waiting).toBeLessThanOrEqual(100);
    }
    expect(answers).toBe(240);
    expect(nodeOf(nodes.two).registry.size).toBe(clients.length);
    await nodes.close();
  });

  it('has who is at its door come again although everybody is being asked already', async () => {
    const nodes = await TwoNodes.start();
    await nodes.two.connectAs({ sub: 'alice', rooms: [ROOM] });
    deciding.hold();
    const service = nodes.one.get(RoomService);
    await service.reauthorize();
    const token = nodes.two.mint({ sub: 'bob', rooms: [ROOM] });
    const refused = nodes.two.expectRefused(503, 'unavailable', { token, path: `/${ROOM}` });
    await nodes.settle();
    expect(deciding.waiting).toBe(2);
    await service.reauthorize();
    // The answer at the door comes first; alice is still being asked.
    deciding.letGo(1);
    await refused;
    await nodes.close();
  });

  it('that alone cannot reach its engine still does its own part, and says that it did no more', async () => {
    const nodes = await TwoNodes.start();
    const here = await nodes.one.connectAs({ rooms: [ROOM] });
    const [view] = nodes.views;
    view.publish = () => {
      throw new Error('canary');
    };
    await expect(roomOf(nodes.one).close()).rejects.toMatchObject({ code: 'engine_unavailable' });
    await here.expectClosed(4404);
    await nodes.close();
  });
});

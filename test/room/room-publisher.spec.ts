import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  RoomPublisher,
  RoomPublisherModule,
  type RoomPublisherOptions,
  RoomService,
} from 'nestjs-roomgate';
import type { RoomgateTestbed, TestConnection } from 'nestjs-roomgate/testing';
import { banned, deciding, resetSeams } from '../support/gated-seams.js';
import { heard, OTHER_ROOM, ROOM } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';
import { typeOf } from '../support/recording-engine.js';
import { digits } from '../support/schemas.js';
import { TwoNodes } from '../support/two-nodes.js';

const ROOMS: RoomPublisherOptions['rooms'] = {
  default: { history: true, presence: true, events: { counted: digits } },
};

describe('RoomPublisher', () => {
  let nodes: TwoNodes;
  let room: RoomgateTestbed;
  let worker: INestApplicationContext;
  let publisher: RoomPublisher;
  let alice: TestConnection;
  let bob: TestConnection;

  beforeEach(async () => {
    nodes = await TwoNodes.start(undefined, { roomgate: { rooms: ROOMS } });
    room = nodes.one;
    worker = await NestFactory.createApplicationContext(
      RoomPublisherModule.forRoot({ rooms: ROOMS, engine: typeOf(nodes.shared.view()) }),
      { logger: false, abortOnError: false },
    );
    publisher = worker.get(RoomPublisher);
    alice = await room.connectAs({ sub: 'alice', rooms: [ROOM] });
    bob = await nodes.two.connectAs({ sub: 'bob', rooms: [ROOM, OTHER_ROOM] });
  });
  afterEach(async () => {
    resetSeams();
    await worker.close();
    await nodes.close();
  });

  const handle = () => publisher.room(ROOM);
  const identity = (): string => serverEnd(room, alice).principal.identity;

  it('is heard by real clients on every node, wherever it speaks from', async () => {
    const position = await publisher
      .room(ROOM.toUpperCase())
      .broadcast('said', { from: 'a worker' });
    expect(position).toEqual({ offset: 1, epoch: expect.any(String) as string });
    await handle().broadcast('said', 2, { except: alice.hello.connectionId });
    await handle().broadcastBinary(Buffer.from('b1'));
    await handle().broadcastBinary(Buffer.from('b2'));
    await nodes.settle();
    const said = ({ data, bytes }: { data?: unknown; bytes?: Buffer }) => data ?? String(bytes);
    const news = (client: TestConnection) =>
      client.waiting.filter(({ event }) => event === 'said' || event === 'binary').map(said);
    expect(news(alice)).toEqual([{ from: 'a worker' }, 'b1', 'b2']);
    expect(news(bob)).toEqual([{ from: 'a worker' }, 2, 'b1', 'b2']);
  });

  it('says the same once, however often it tries', async () => {
    const options = { publicationId: 'retry' };
    const first = await handle().broadcast('said', 1, options);
    expect(await handle().broadcast('said', 1, options)).toEqual(first);
    await nodes.settle();
    expect(heard(alice).filter((event) => event.startsWith('said'))).toEqual(['said 1']);
  });

  it('keeps what it says as the nodes do, and reads what they keep', async () => {
    await handle().broadcast('said', 'by the worker');
    await room.get(RoomService).room(ROOM).broadcast('said', 'by the node');
    const expected = ['by the worker', 'by the node'];
    const page = await handle().history();
    expect(page.publications.map(({ data }) => data)).toEqual(expected);
    const { publications } = await handle().history({ limit: 1 });
    expect(publications).toHaveLength(1);
  });

  it('sees who is present', async () => {
    const page = await handle().presence();
    expect([page.total, page.members[0]?.identity]).toEqual([2, identity()]);
    expect((await handle().presence(1)).members).toHaveLength(1);
  });

  it.each<[string, number, () => Promise<unknown>]>([
    ['closes a room', 4404, () => handle().close()],
    ['disconnects from a room', 4440, () => handle().disconnect({ identity: identity() })],
    ['disconnects a principal', 4440, () => publisher.disconnect({ identity: identity() })],
    ['reauthorizes a room', 4403, () => handle().reauthorize()],
    ['reauthorizes a principal', 4403, () => publisher.reauthorize({ identity: identity() })],
    ['reauthorizes everybody', 4403, () => publisher.reauthorize()],
  ])('%s on the nodes that serve it', async (_what, code, order) => {
    banned.add(`alice ${ROOM}`);
    // It has no connections of its own.
    expect([0, { kept: 0, left: 0 }]).toContainEqual(await order());
    await alice.expectClosed(code);
    await nodes.settle();
    expect(nodeOf(nodes.two).registry.size).toBe(code === 4404 ? 0 : 1);
  });

  it('makes who is at the door come again', async () => {
    deciding.hold();
    const token = room.mint({ rooms: [ROOM] });
    const refused = room.expectRefused(503, 'unavailable', { token, path: `/${ROOM}` });
    await nodes.settle();
    await handle().close();
    deciding.open();
    await refused;
  });

  it('knows the names of its options, and lists them for one that is unknown', () => {
    expect(() => publisher.room(ROOM, 'orders')).toThrow(
      expect.objectContaining({
        code: 'unknown_room_name',
        message: expect.stringContaining('Known names: default.') as string,
      }),
    );
    expect(() => publisher.room(ROOM, '__proto__')).toThrow('Known names');
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['a reserved event', 'reserved_event', () => handle().broadcast('goodbye')],
    ['data that does not fit its schema', 'invalid_data', () => handle().broadcast('counted', 7)],
    ['what are no bytes', 'invalid_data', () => handle().broadcastBinary('x' as never)],
    [
      'an endless publication id',
      'invalid_data',
      () => handle().broadcast('said', 1, { publicationId: 'x'.repeat(65) }),
    ],
    ['a principal without an identity', 'invalid_data', () => publisher.disconnect({} as never)],
    ['rights of nobody', 'invalid_data', () => publisher.reauthorize({} as never)],
    ['nobody in a room', 'invalid_data', () => handle().disconnect({} as never)],
  ])('refuses %s', async (_what, code, act) => {
    await expect(act()).rejects.toMatchObject({ code });
    await nodes.settle();
    expect([nodeOf(room).registry.size, nodeOf(nodes.two).registry.size]).toEqual([1, 1]);
  });

  it('throws for a room id that is not a UUID', () => {
    expect(() => publisher.room('lobby')).toThrow('UUID');
  });
});

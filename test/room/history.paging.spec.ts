import { jest } from '@jest/globals';
import { RoomEngine } from 'nestjs-roomgate';
import type { RoomgateTestbed, TestConnection } from 'nestjs-roomgate/testing';
import { ask, createKeptTestbed, enter, say } from '../support/kept-rooms.js';
import { ROOM } from '../support/live-room.js';

interface Page {
  publications: { offset: number; data: unknown }[];
  position: { offset: number; epoch: string };
  hasMore: boolean;
}

const HISTORY = { size: 2_000, maxBytes: 524_288 };

/** The page as it came, to the byte: it was JSON, and nothing is lost in between. */
const bytesOf = (page: Page): number => Buffer.byteLength(JSON.stringify(page));

describe('Paging through the history of a room', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  let start: Page['position'];
  beforeEach(async () => {
    testbed = await createKeptTestbed({
      roomgate: { maxRoomsPerConnection: 100, rooms: { kept: { history: HISTORY } } },
    });
    alice = await enter(testbed, 'alice');
    start = alice.hello.position as Page['position'];
  });
  afterEach(() => testbed.close());

  /** Goes on behind the last publication of each page, as a client does, to the end. */
  const walk = async (client: TestConnection, limit?: number): Promise<Page[]> => {
    const pages: Page[] = [];
    for (let since = start, hasMore = true; hasMore;) {
      const page = (await ask(client, 'room.history', { since, limit })) as Page;
      if (typeof page === 'string') throw new Error(page);
      pages.push(page);
      hasMore = page.hasMore;
      since = { ...since, offset: page.publications.at(-1)?.offset ?? Infinity };
    }
    return pages;
  };
  const datas = (pages: Page[]): unknown[] =>
    pages.flatMap(({ publications }) => publications.map(({ data }) => data));

  it('reproduces everything, in order and once', async () => {
    const said = Array.from({ length: 250 }, (_, n) => n);
    await say(testbed, ROOM, ...said);
    for (const limit of [undefined, 1, 7, 250]) {
      const pages = await walk(alice, limit);
      expect(datas(pages)).toEqual(said);
      expect(pages).toHaveLength(Math.ceil(250 / (limit ?? 100)));
    }
  });

  it('has a hundred in a page unless told otherwise, and never more than fit', async () => {
    await say(testbed, ROOM, ...Array.from({ length: 1_100 }, (_, n) => n));
    const sizes = async (limit?: number): Promise<number> =>
      ((await ask(alice, 'room.history', { limit })) as Page).publications.length;
    expect([await sizes(), await sizes(5)]).toEqual([100, 5]);
    // Each counts for 128 bytes at least.
    expect(await sizes(1e15)).toBeLessThanOrEqual(512);
    const pages = await walk(alice, 1_000_000);
    expect(datas(pages)).toHaveLength(1_100);
  });

  it('has at most 64 KiB in a page, or one publication that is larger', async () => {
    const said = Array.from({ length: 15 }, (_, n) => `${n}`.padEnd(5_000, 'é'.repeat(100)));
    const large = 'x'.repeat(100_000);
    await say(testbed, ROOM, ...said, large, ...said);
    const pages = await walk(alice, 1_000);
    expect(datas(pages)).toEqual([...said, large, ...said]);
    const alone = pages.filter(({ publications }) => publications[0]?.data === large);
    expect(alone.map(({ publications }) => publications.length)).toEqual([1]);
    for (const page of pages)
      if (!alone.includes(page)) expect(bytesOf(page)).toBeLessThanOrEqual(65_536 + 200);
    expect(pages.length).toBeLessThan(20);
  });

  it('leaves out what was for all but this connection, and comes to its end all the same', async () => {
    await say(testbed, ROOM, 'first');
    // More than a page of them: who asks for what follows has to be given something to go on from.
    for (let n = 0; n < 30; n++) await alice.request('others', `of alice ${n}`);
    await say(testbed, ROOM, 'last');
    expect(datas(await walk(alice, 10))).toEqual(['first', 'last']);
    const bob = await enter(testbed, 'bob');
    expect(datas(await walk(bob, 10))).toHaveLength(32);
    const newest = (await ask(alice, 'room.history', { limit: 10 })) as Page;
    expect(datas([newest])).toEqual(['last']);
  });

  it('comes to its end when all that follows was for others', async () => {
    for (let n = 0; n < 30; n++) await alice.request('others', n);
    expect(await walk(alice, 10)).toMatchObject([{ publications: [], hasMore: false }]);
  });

  it('reads no oftener for one who asks for one at a time than for one who asks for all', async () => {
    for (let n = 0; n < 1_000; n++) await alice.request('others', n);
    await say(testbed, ROOM, 'one', 'two');
    const engine = testbed.get(RoomEngine);
    const read = jest.spyOn(engine, 'read');
    const page = (await ask(alice, 'room.history', { since: start, limit: 1 })) as Page;
    expect(page).toMatchObject({ publications: [{ data: 'one' }], hasMore: true });
    expect(read.mock.calls.length).toBeLessThan(10);
    expect(datas(await walk(alice, 1))).toEqual(['one', 'two']);
  });

  it('leaves out what was for all but the connection that its client had before', async () => {
    await alice.request('others', 'of the former');
    await say(testbed, ROOM, 'first');
    const position = { ...start, connectionId: alice.hello.connectionId };
    const path = `/kept/${ROOM}`;
    const again = await testbed.connectAs({ sub: 'alice', path, rooms: [ROOM], position });
    expect(datas(await walk(again))).toEqual(['first']);
  });

  // Open: what an outbox has not handed over yet counts for nothing in `drained()`, so all pages of a turn are queued at once.
  it('may be asked for far more at once than one reads at a time', async () => {
    await say(testbed, ROOM, ...Array.from({ length: 50 }, () => 'x'.repeat(6_000)));
    const pages = await Promise.all(
      Array.from({ length: 60 }, () => ask(alice, 'room.history', { since: start, limit: 1_000 })),
    );
    expect(pages.map((page: Page) => page.publications.length)).toEqual(pages.map(() => 10));
  });
});

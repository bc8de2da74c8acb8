import type { RoomgateTestbed } from 'nestjs-roomgate/testing';
import { RoomService } from 'nestjs-roomgate';
import { ask, createKeptTestbed, enter, KeptPolicy, say } from '../support/kept-rooms.js';
import { OTHER_ROOM, refresh, ROOM } from '../support/live-room.js';

const datas = (page: { publications: { data: unknown }[] }): unknown[] =>
  page.publications.map(({ data }) => data);

describe('The event room.history', () => {
  let testbed: RoomgateTestbed;
  beforeEach(async () => {
    testbed = await createKeptTestbed();
  });
  afterEach(() => testbed.close());

  it('gives the newest of what was said, also before one came, with place and time', async () => {
    await say(testbed, ROOM, 'a', { b: 1 });
    const alice = await enter(testbed, 'alice');
    const at = testbed.clock.now();
    expect(await ask(alice, 'room.history')).toEqual({
      room: ROOM,
      publications: [
        { offset: 1, publishedAt: at, event: 'said', data: 'a' },
        { offset: 2, publishedAt: at, event: 'said', data: { b: 1 } },
      ],
      position: alice.hello.position,
      hasMore: false,
    });
    expect(datas(await ask(alice, 'room.history', { limit: 1 }))).toEqual([{ b: 1 }]);
  });

  it('gives everything behind a position, and nothing behind the last one', async () => {
    const alice = await enter(testbed, 'alice');
    const [first, , last] = await say(testbed, ROOM, 'a', 'b', 'c');
    expect(datas(await ask(alice, 'room.history', { since: first }))).toEqual(['b', 'c']);
    const page = await ask(alice, 'room.history', { since: alice.hello.position });
    expect(datas(page)).toEqual(['a', 'b', 'c']);
    expect(await ask(alice, 'room.history', { since: last })).toMatchObject({
      publications: [],
      position: last,
      hasMore: false,
    });
  });

  it('gives bytes in base64, and no data beside them', async () => {
    const bytes = Buffer.from([0, 255, 1]);
    await testbed.get(RoomService).room(ROOM, 'kept').broadcastBinary(bytes);
    const alice = await enter(testbed, 'alice');
    const { publications } = await ask(alice, 'room.history');
    const publishedAt = testbed.clock.now();
    expect(publications).toEqual([{ offset: 1, publishedAt, binary: 'AP8B' }]);
  });

  it('knows nothing of another epoch, of what is beyond the last, and of what is no longer kept', async () => {
    await testbed.close();
    testbed = await createKeptTestbed({ roomgate: { rooms: { kept: { history: { size: 2 } } } } });
    const alice = await enter(testbed, 'alice');
    const { epoch } = (await say(testbed, ROOM, 'a', 'b', 'c', 'd'))[0] as { epoch: string };
    const since = async (offset: number, of = epoch): Promise<unknown> => {
      const page = await ask(alice, 'room.history', { since: { offset, epoch: of } });
      return typeof page === 'string' ? page : datas(page);
    };
    expect(await since(1)).toBe('position_unknown');
    expect(await since(0)).toBe('position_unknown');
    expect(await since(2)).toEqual(['c', 'd']);
    expect(await since(4)).toEqual([]);
    expect(await since(5)).toBe('position_unknown');
    expect(await since(Number.MAX_SAFE_INTEGER)).toBe('position_unknown');
    expect(await since(2, 'other')).toBe('position_unknown');
    expect(await since(2, '')).toBe('position_unknown');
    expect(await since(4, `${epoch}x`)).toBe('position_unknown');
  });

  it.each<[string, unknown]>([
    ['a negative offset', { since: { offset: -1, epoch: 'e' } }],
    ['a part of one', { since: { offset: 1.5, epoch: 'e' } }],
    ['one that numbers cannot hold', { since: { offset: 2 ** 53, epoch: 'e' } }],
    ['an offset of text', { since: { offset: '1', epoch: 'e' } }],
    ['no epoch', { since: { offset: 1 } }],
    ['an endless epoch', { since: { offset: 1, epoch: 'e'.repeat(65) } }],
    ['no position at all', { since: null }],
    ['a limit of nothing', { limit: 0 }],
    ['a negative limit', { limit: -5 }],
    ['a room that is none', { room: 'x' }],
    ['a list', []],
    ['a text', 'all'],
  ])('takes %s for a bad message', async (_, data) => {
    const alice = await enter(testbed, 'alice');
    expect(await ask(alice, 'room.history', data)).toBe('bad_message');
  });

  it('is about the room that the message or its data names, of those one is in', async () => {
    const alice = await enter(testbed, 'alice');
    await say(testbed, ROOM, 'here');
    await say(testbed, OTHER_ROOM, 'there');
    expect(await ask(alice, 'room.history', { room: OTHER_ROOM })).toBe('not_a_member');
    await alice.request('room.join', { room: OTHER_ROOM });
    const there = await ask(alice, 'room.history', { room: OTHER_ROOM.toUpperCase() });
    expect([there.room, datas(there)]).toEqual([OTHER_ROOM, ['there']]);
    const named = await alice.request('room.history', undefined, { room: OTHER_ROOM });
    expect(datas(named.data)).toEqual(['there']);
    expect(datas(await ask(alice, 'room.history'))).toEqual(['here']);
    const { position } = await ask(alice, 'room.history');
    const crossed = { room: OTHER_ROOM, since: position };
    expect(await ask(alice, 'room.history', crossed)).toBe('position_unknown');
    await alice.request('room.leave', { room: OTHER_ROOM });
    expect(await ask(alice, 'room.history', { room: OTHER_ROOM })).toBe('not_a_member');
  });

  it('is not kept in other rooms, and does not mix those of one id', async () => {
    await say(testbed, ROOM, 'kept');
    const alice = await enter(testbed, 'alice', { name: 'plain' });
    expect(alice.hello.position).toBeUndefined();
    expect(await ask(alice, 'room.history')).toBe('not_kept');
  });

  it('is for those with the right to it', async () => {
    KeptPolicy.history = { eve: false };
    await say(testbed, ROOM, 'a');
    const eve = await enter(testbed, 'eve');
    expect(await ask(eve, 'room.history')).toBe('history_forbidden');
    const since = { since: eve.hello.position };
    expect(await ask(eve, 'room.history', since)).toBe('history_forbidden');
  });

  it('shows nothing from before the time of a right, neither asked for nor gone on to', async () => {
    const [old, older] = await say(testbed, ROOM, 'old', 'older');
    testbed.clock.advance(1_000);
    KeptPolicy.history = { bob: { notBefore: testbed.clock.now() } };
    await say(testbed, ROOM, 'new', 'newer');
    const bob = await enter(testbed, 'bob');
    expect(datas(await ask(bob, 'room.history'))).toEqual(['new', 'newer']);
    expect(datas(await ask(bob, 'room.history', { limit: 3 }))).toEqual(['new', 'newer']);
    expect(await ask(bob, 'room.history', { since: old })).toBe('position_unknown');
    const all = { offset: 0, epoch: old?.epoch };
    expect(await ask(bob, 'room.history', { since: all })).toBe('position_unknown');
    expect(datas(await ask(bob, 'room.history', { since: older }))).toEqual(['new', 'newer']);
  });

  it('is not for one whose token has expired, until it has another', async () => {
    await say(testbed, ROOM, 'a');
    const path = `/kept/${ROOM}`;
    const alice = await testbed.connectAs({ path, rooms: [ROOM], ttlMs: 60_000 });
    await testbed.advance(65_000);
    expect(await ask(alice, 'room.history')).toBe('token_expired');
    await refresh(testbed, alice);
    expect(datas(await ask(alice, 'room.history'))).toEqual(['a']);
  });
});

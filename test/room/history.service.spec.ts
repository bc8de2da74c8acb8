import { MemoryEngine, type ServerRoom, RoomService } from 'nestjs-roomgate';
import type { HistoryPage, ReadRange } from 'nestjs-roomgate/engine';
import type { RoomgateTestbed } from 'nestjs-roomgate/testing';
import { Deferred } from '../support/deferred.js';
import { ask, createKeptTestbed, enter, KeptPolicy, say } from '../support/kept-rooms.js';
import { OTHER_ROOM, ROOM } from '../support/live-room.js';
import { serverEnd } from '../support/node-of.js';

/** Answers what it is asked for when the test lets it, with what was true when it was asked. Its time is the real one. */
class SlowEngine extends MemoryEngine {
  static held: Deferred | undefined;
  static reads = 0;

  override read(key: string, range: ReadRange): HistoryPage {
    SlowEngine.reads += 1;
    const page = super.read(key, range);
    return (SlowEngine.held?.promise.then(() => page) ?? page) as HistoryPage;
  }
}

describe('The history of a room', () => {
  let testbed: RoomgateTestbed;
  let room: ServerRoom;
  beforeEach(async () => {
    SlowEngine.held = undefined;
    SlowEngine.reads = 0;
    testbed = await createKeptTestbed({ engine: SlowEngine });
    room = testbed.get(RoomService).room(ROOM, 'kept');
  });
  afterEach(() => testbed.close());

  const codeOf = async (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      () => undefined,
      (error: { code: unknown }) => error.code,
    );

  it('is all there is for the server, without members and rights, and with bytes as bytes', async () => {
    KeptPolicy.history = { alice: false };
    const alice = await enter(testbed, 'alice');
    await alice.request('others', 'not for alice');
    await room.broadcastBinary(Buffer.from('bytes'));
    await room.broadcast('said', 'text', { except: alice.hello.connectionId });
    const { publications, position, hasMore } = await room.history();
    const publishedAt = expect.any(Number) as number;
    expect(publications).toEqual([
      { offset: 1, publishedAt, event: 'said', data: 'not for alice' },
      { offset: 2, publishedAt, bytes: Buffer.from('bytes') },
      { offset: 3, publishedAt, event: 'said', data: 'text' },
    ]);
    expect([position.offset, hasMore]).toEqual([3, false]);
    const since = { ...position, offset: 1 };
    const next = await room.history({ since, limit: 1 });
    expect([next.publications.map(({ offset }) => offset), next.hasMore]).toEqual([[2], true]);
  });

  it('takes odd limits for the nearest that makes sense', async () => {
    await say(testbed, ROOM, ...Array.from({ length: 120 }, (_, n) => n));
    const size = async (limit?: number): Promise<number> =>
      (await room.history({ limit: limit as number })).publications.length;
    const sizes = [undefined, 0, -1, NaN, 2.9, Infinity, -Infinity].map((limit) => size(limit));
    // No more than a hundred are kept.
    expect(await Promise.all(sizes)).toEqual([100, 1, 1, 1, 2, 100, 1]);
  });

  it('knows no odd positions', async () => {
    const [{ epoch } = { epoch: '' }] = await say(testbed, ROOM, 'a', 'b');
    for (const offset of [-1, 0.5, NaN, Infinity, 3])
      expect(await codeOf(room.history({ since: { offset, epoch } }))).toBe('position_unknown');
    const late = { since: { offset: 0, epoch: 'other' } };
    expect(await codeOf(room.history(late))).toBe('position_unknown');
  });

  it('is not kept where it is not, and empty where nobody ever was', async () => {
    const plain = testbed.get(RoomService).room(ROOM, 'plain');
    await plain.broadcast('said', 1);
    expect(await codeOf(plain.history())).toBe('not_kept');
    const { publications, hasMore } = await testbed
      .get(RoomService)
      .room(OTHER_ROOM, 'kept')
      .history();
    expect([publications, hasMore]).toEqual([[], false]);
  });

  it('is given by the rights of when it has come, not of when it was asked for', async () => {
    await say(testbed, ROOM, 'secret');
    const bob = await enter(testbed, 'bob');
    SlowEngine.held = new Deferred();
    const reply = ask(bob, 'room.history');
    await testbed.settle();
    expect(SlowEngine.reads).toBe(1);
    KeptPolicy.history = { bob: { notBefore: Date.now() + 60_000 } };
    await room.reauthorize();
    SlowEngine.held.resolve();
    expect(await reply).toMatchObject({ publications: [], hasMore: false });
  });

  it('is not given when the right has ended meanwhile, nor when the member has gone', async () => {
    await say(testbed, OTHER_ROOM, 'secret');
    const bob = await enter(testbed, 'bob');
    for (const end of ['right', 'membership']) {
      KeptPolicy.history = {};
      await bob.request('room.join', { room: OTHER_ROOM });
      SlowEngine.held = new Deferred();
      const reply = ask(bob, 'room.history', { room: OTHER_ROOM });
      await testbed.settle();
      KeptPolicy.history = { bob: end === 'membership' };
      const other = testbed.get(RoomService).room(OTHER_ROOM, 'kept');
      if (end === 'right') await other.reauthorize();
      else await other.close();
      SlowEngine.held.resolve();
      expect(await reply).toBe(end === 'right' ? 'history_forbidden' : 'not_a_member');
      await bob.request('room.leave', { room: OTHER_ROOM });
    }
  });

  it('is not given when the token has expired meanwhile', async () => {
    await say(testbed, ROOM, 'secret');
    const path = `/kept/${ROOM}`;
    const bob = await testbed.connectAs({ sub: 'bob', path, rooms: [ROOM], ttlMs: 60_000 });
    SlowEngine.held = new Deferred();
    bob.send('room.history', undefined, 'late');
    await testbed.settle();
    await testbed.advance(65_000);
    expect(serverEnd(testbed, bob).isLive()).toBe(false);
    SlowEngine.held.resolve();
    await testbed.settle();
    expect(JSON.stringify(bob.waiting)).not.toContain('secret');
  });
});

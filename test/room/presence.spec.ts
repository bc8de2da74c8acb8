import { RoomService } from 'nestjs-roomgate';
import type { RoomgateTestbed, TestConnection } from 'nestjs-roomgate/testing';
import { ask, createKeptTestbed, enter, KeptPolicy } from '../support/kept-rooms.js';
import { OTHER_ROOM, ROOM } from '../support/live-room.js';
import { serverEnd } from '../support/node-of.js';
import { identityOf } from '../../src/admission/principal.js';
import type { EngineSink } from '../../src/room/engine/engine.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';

/** What came of presence and was not asked for: who came and who went, by the names they have in the room. */
function heard(client: TestConnection): string[] {
  return client.waiting.flatMap(({ event, data }) =>
    data.members.map(({ id }: { id: string }) => `${event.slice('presence.'.length)} ${id}`),
  );
}

describe('Presence', () => {
  let testbed: RoomgateTestbed;
  beforeEach(async () => {
    testbed = await createKeptTestbed();
  });
  afterEach(() => testbed.close());

  const idsIn = async (client: TestConnection, room = ROOM): Promise<string[]> =>
    (await ask(client, 'room.presence', { room })).members.map(({ id }: { id: string }) => id);

  it('names who is there, itself included, the earliest first', async () => {
    const alice = await enter(testbed, 'alice');
    const list = await ask(alice, 'room.presence');
    expect(list).toEqual({ room: ROOM, members: [{ id: expect.any(String) }], total: 1 });
    await enter(testbed, 'bob');
    const both = await idsIn(alice);
    expect([both.length, both[0]]).toEqual([2, list.members[0].id]);
  });

  it('tells in one frame who came within a quarter of a second, and in one who went', async () => {
    const alice = await enter(testbed, 'alice');
    await testbed.advance(250);
    const [, ...others] = await idsIn(alice);
    expect(others).toEqual([]);
    await alice.next('presence.joined');
    const bob = await enter(testbed, 'bob');
    const carol = await enter(testbed, 'carol');
    await testbed.advance(249);
    expect(alice.waiting).toEqual([]);
    await testbed.advance(1);
    const [, bobId, carolId] = await idsIn(alice);
    expect(await alice.next()).toEqual({
      event: 'presence.joined',
      data: { room: ROOM, members: [{ id: bobId }, { id: carolId }] },
    });
    await bob.close();
    await carol.close();
    await testbed.advance(250);
    expect(await alice.next()).toEqual({
      event: 'presence.left',
      data: { room: ROOM, members: [{ id: bobId }, { id: carolId }] },
    });
    expect(alice.waiting).toEqual([]);
  });

  it('does not tell of those who came and went in between', async () => {
    const alice = await enter(testbed, 'alice');
    await testbed.advance(250);
    await alice.next('presence.joined');
    await (await enter(testbed, 'bob')).close();
    await testbed.advance(1_000);
    expect(alice.waiting).toEqual([]);
  });

  it('counts several connections of a subject once, and tells of them once', async () => {
    const watcher = await enter(testbed, 'watcher');
    await testbed.advance(250);
    await watcher.next('presence.joined');
    const first = await enter(testbed, 'bob');
    const second = await enter(testbed, 'bob');
    await testbed.advance(250);
    const [, id] = await idsIn(watcher);
    expect((await ask(watcher, 'room.presence')).total).toBe(2);
    await first.close();
    await testbed.advance(250);
    expect(await idsIn(watcher)).toEqual([expect.any(String), id]);
    expect(heard(watcher)).toEqual([`joined ${id}`]);
    await second.close();
    await testbed.advance(250);
    expect(heard(watcher)).toEqual([`joined ${id}`, `left ${id}`]);
  });

  it('knows somebody by an id that is another one in each room and at each stay, and says nothing of the subject', async () => {
    const alice = await enter(testbed, 'alice');
    await alice.request('room.join', { room: OTHER_ROOM });
    const bob = await enter(testbed, 'bob');
    await bob.request('room.join', { room: OTHER_ROOM });
    const ids = [(await idsIn(alice))[1], (await idsIn(alice, OTHER_ROOM))[1]];
    await bob.close();
    await enter(testbed, 'bob');
    ids.push((await idsIn(alice))[1]);
    expect(new Set(ids).size).toBe(3);
    const text = JSON.stringify([await ask(alice, 'room.presence'), alice.waiting]);
    const identity = identityOf(testbed.issuer.issuer, 'bob');
    for (const secret of ['bob', 'alice', identity, identity.slice(0, 12), testbed.issuer.issuer])
      expect(text).not.toContain(secret);
    for (const connectionId of [alice, bob].map(({ hello }) => hello.connectionId))
      expect(text).not.toContain(connectionId);
    for (const id of ids) expect(id).toMatch(/^[\w-]{16}$/);
  });

  it.each<[string, (bob: TestConnection) => unknown]>([
    ['leaves the room', (bob) => bob.request('room.leave', { room: ROOM })],
    ['closes', (bob) => bob.close()],
    ['vanishes without a word', (bob) => bob.socket.terminate()],
    ['is kicked', (bob) => serverEnd(testbed, bob).close(4000)],
    [
      'is signed out',
      () =>
        testbed
          .get(RoomService)
          .room(ROOM, 'kept')
          .disconnect({ identity: identityOf(testbed.issuer.issuer, 'bob') }),
    ],
  ])('ends when somebody %s', async (_, end) => {
    const alice = await enter(testbed, 'alice');
    const bob = await enter(testbed, 'bob');
    await testbed.advance(250);
    const [, id] = await idsIn(alice);
    await alice.next('presence.joined');
    await end(bob);
    await testbed.settle();
    await testbed.advance(250);
    expect(heard(alice)).toEqual([`left ${id}`]);
    expect((await ask(alice, 'room.presence')).total).toBe(1);
  });

  it('lasts as long as the connection does, far beyond the time for which a node is believed', async () => {
    const path = `/kept/${ROOM}`;
    const open = (sub: string): Promise<TestConnection> =>
      testbed.connectAs({ sub, path, rooms: [ROOM], ttlMs: 36_000_000 });
    const alice = await open('alice');
    await open('bob');
    await testbed.advance(250);
    const before = await idsIn(alice);
    await alice.next('presence.joined');
    // In steps, as time passes: pongs have to come in between.
    for (let seconds = 0; seconds < 300; seconds += 5) await testbed.advance(5_000);
    expect(await idsIn(alice)).toEqual(before);
    expect(heard(alice)).toEqual([]);
  });

  it('is for those with the right to it: others hear nothing and are told nothing, but are seen', async () => {
    KeptPolicy.blind = ['eve'];
    const eve = await enter(testbed, 'eve');
    const alice = await enter(testbed, 'alice');
    const bob = await enter(testbed, 'bob');
    await testbed.advance(250);
    await bob.close();
    await testbed.advance(250);
    expect(await ask(eve, 'room.presence')).toBe('presence_forbidden');
    expect(eve.waiting).toEqual([]);
    expect((await ask(alice, 'room.presence')).total).toBe(2);
    expect(heard(alice)).toHaveLength(4);
  });

  it('is told by the rights of now, not of when one came', async () => {
    const eve = await enter(testbed, 'eve');
    await testbed.advance(250);
    await eve.next('presence.joined');
    await enter(testbed, 'bob');
    KeptPolicy.blind = ['eve'];
    await testbed.get(RoomService).room(ROOM, 'kept').reauthorize();
    await testbed.advance(250);
    expect(eve.waiting).toEqual([]);
    expect(await ask(eve, 'room.presence')).toBe('presence_forbidden');
  });

  it('is about rooms that one is in, and of rooms that have it', async () => {
    const alice = await enter(testbed, 'alice');
    await enter(testbed, 'bob', { room: OTHER_ROOM });
    await testbed.advance(250);
    expect(await ask(alice, 'room.presence', { room: OTHER_ROOM })).toBe('not_a_member');
    expect(heard(alice)).toHaveLength(1);
    expect(await ask(alice, 'room.presence', { room: 'x' })).toBe('bad_message');
    const plain = await enter(testbed, 'alice', { name: 'plain' });
    await enter(testbed, 'bob', { name: 'plain' });
    await testbed.advance(1_000);
    expect(await ask(plain, 'room.presence')).toBe('not_kept');
    expect(plain.waiting).toEqual([]);
  });
});

/** Takes the part of an engine that was cut off from the others. */
class CutEngine extends MemoryEngine {
  static sink: EngineSink;
  override start(sink: EngineSink): void {
    CutEngine.sink = sink;
    super.start(sink);
  }
}

describe('Presence behind an engine that was cut off', () => {
  it('says to those with the right to it that news may be missing, though no publication is', async () => {
    const testbed = await createKeptTestbed({ engine: CutEngine });
    KeptPolicy.blind = ['eve'];
    const eve = await enter(testbed, 'eve');
    const alice = await enter(testbed, 'alice');
    await testbed.advance(250);
    await alice.next('presence.joined');
    const position = await testbed.get(RoomService).room(ROOM, 'kept').broadcast('said');
    await alice.next('said');
    await eve.next('said');
    CutEngine.sink.interrupted(`kept/${ROOM}`, position);
    await testbed.advance(250);
    expect(await alice.next()).toEqual({ event: 'presence.gap', data: { room: ROOM } });
    expect([alice.waiting, eve.waiting]).toEqual([[], []]);
    await testbed.close();
  });
});

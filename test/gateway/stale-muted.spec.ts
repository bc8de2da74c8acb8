import { SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentRoom,
  RevocationService,
  RevocationStore,
  type Room,
  RoomGateway,
  RoomService,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { ConfirmingStore } from '../support/confirming-store.js';
import { GatedPolicy } from '../support/gated-seams.js';
import { heard, LiveGateway, OTHER_ROOM, refresh, ROOM, working } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';

const LIMIT = 30_000;
/** Until it is seen that revocations are confirmed again. */
const LOOK = 1_250;
/** The room that a handler was given last. */
let room: Room | undefined;

@RoomGateway('/:room', { policy: GatedPolicy })
class KeepingGateway extends LiveGateway {
  @SubscribeMessage('keep')
  keep(@CurrentRoom() given: Room): void {
    room = given;
  }
}

const STALE = { event: 'exception', data: { code: 'authority_stale', temporary: true } };

describe.each([true, false])('Muted while revocations may be missing, history %p', (history) => {
  let testbed: RoomgateTestbed;
  let store: ConfirmingStore;
  let alice: TestConnection;
  let bob: TestConnection;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [KeepingGateway, GatedPolicy],
      revocationStore: ConfirmingStore,
      roomgate: { onStaleAuthority: 'mute', rooms: { default: { history } } },
    });
    store = testbed.get(RevocationStore) as ConfirmingStore;
    confirm();
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM, OTHER_ROOM] });
    bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
    await say('before');
  });
  afterEach(async () => {
    working.open();
    await testbed.close();
  });

  const confirm = (): void => void (store.lastConfirmedAt = testbed.clock.now());
  const goStale = (): Promise<void> => testbed.advance(LIMIT);
  const say = async (text: string): Promise<void> => {
    await testbed.get(RoomService).room(ROOM).broadcast('said', text);
    await testbed.settle();
  };
  const recover = async (): Promise<void> => {
    confirm();
    await testbed.advance(LOOK);
  };
  /** What follows of what was said while nobody heard it. */
  const made = (...texts: string[]): string[] =>
    history ? texts.map((text) => `said ${text}`) : ['gap'];

  it('a connection speaks and hears up to the limit, and not at it', async () => {
    testbed.clock.step(LIMIT - 1);
    await say('still');
    expect(await alice.request('say', 'here')).toMatchObject({ event: 'ack' });
    testbed.clock.step(1);
    await say('missed');
    expect(await alice.request('say', 'late')).toMatchObject(STALE);
    for (const client of [alice, bob])
      expect(heard(client)).toEqual(['said before', 'said still', 'said here']);
  });

  it('it goes on by itself when they are confirmed, with what it missed in order and once', async () => {
    await goStale();
    for (const text of ['1', '2', '3']) await say(text);
    await recover();
    await say('live');
    expect(await alice.request('say', 'mine')).toMatchObject({ event: 'ack' });
    const expected = ['said before', ...made('1', '2', '3'), 'said live', 'said mine'];
    for (const client of [alice, bob]) expect(heard(client)).toEqual(expected);
  });

  it('it hears nothing that is new before it is given what it missed', async () => {
    await goStale();
    await say('1');
    confirm();
    await say('2');
    expect(heard(alice)).toEqual(['said before']);
    void testbed.get(RoomService).room(ROOM).broadcast('said', 'in the turn of the end');
    await testbed.advance(LOOK);
    await say('3');
    const between = history ? ['1', '2', 'in the turn of the end', '3'] : ['3'];
    expect(heard(alice).filter((event) => event.startsWith('said'))).toEqual(
      ['before', ...between].map((text) => `said ${text}`),
    );
    expect(heard(alice).filter((event) => event === 'gap')).toHaveLength(history ? 0 : 1);
  });

  it('nobody is muted by a question about a time to come', async () => {
    expect(serverEnd(testbed, alice).isLive(testbed.clock.now() + LIMIT)).toBe(true);
    await say('heard');
    expect(heard(alice)).toEqual(['said before', 'said heard']);
  });

  it('it is muted again, and goes on again', async () => {
    for (const text of ['1', '2']) {
      await goStale();
      await say(text);
      await recover();
    }
    expect(heard(alice)).toEqual(['said before', ...made('1'), ...made('2')]);
  });

  it('it goes on without a word when it has missed nothing', async () => {
    await goStale();
    expect(await alice.request('say', 'x')).toMatchObject(STALE);
    await recover();
    await say('live');
    expect(heard(alice)).toEqual(['said before', 'said live']);
  });

  it('it is answered without a strike, and keeps its place', async () => {
    await goStale();
    for (let n = 0; n < 20; n++) expect(await alice.request('say', n)).toMatchObject(STALE);
    expect(await alice.request('room.join', { room: OTHER_ROOM })).toMatchObject(STALE);
    expect(await alice.request('room.leave', { room: ROOM })).toMatchObject(STALE);
    expect(await refresh(testbed, alice)).toMatchObject(STALE);
    await recover();
    expect(await refresh(testbed, alice)).toMatchObject({ event: 'auth.refreshed' });
    expect(testbed.get(RoomService).members(ROOM)).toHaveLength(2);
  });

  it('a handler that is running says nothing more, and is answered with an exception', async () => {
    await alice.request('keep');
    working.hold();
    alice.send('work', undefined, 7);
    await testbed.settle();
    await goStale();
    await expect(room?.broadcast('said', 'x')).rejects.toMatchObject({ code: 'authority_stale' });
    working.open();
    await testbed.settle();
    serverEnd(testbed, alice).send('private');
    await recover();
    expect(alice.waiting).toContainEqual({
      event: 'exception',
      id: 7,
      data: expect.objectContaining({ code: 'authority_stale' }) as unknown,
    });
    expect(heard(alice)).toEqual(['said before', 'exception']);
  });

  it('a revocation that comes all the same leaves a goodbye and nothing else', async () => {
    await goStale();
    await say('secret');
    void testbed.get(RoomService).room(ROOM).broadcast('said', 'in the same turn');
    await testbed.get(RevocationService).block({ subject: 'alice' });
    await alice.expectClosed(4440);
    await recover();
    expect(heard(alice)).toEqual(['said before', 'goodbye']);
    expect(heard(bob)).toEqual(['said before', ...made('secret', 'in the same turn')]);
  });

  it('whose token expires meanwhile stays muted until it is refreshed', async () => {
    const carol = await testbed.connectAs({ sub: 'carol', rooms: [ROOM], ttlMs: LIMIT });
    await goStale();
    await say('1');
    testbed.clock.step(5_000);
    await recover();
    await say('2');
    expect(heard(bob)).toEqual(['said before', ...made('1'), 'said 2']);
    expect(await carol.request('say', 'x')).toMatchObject({ data: { code: 'token_expired' } });
    expect(await refresh(testbed, carol)).toMatchObject({ event: 'auth.refreshed' });
    await testbed.settle();
    expect(heard(carol)).toEqual(['auth.expiring', ...made('1', '2')]);
  });

  it('one that is refreshed before the end is seen has lost nothing', async () => {
    await goStale();
    await say('1');
    confirm();
    expect(await refresh(testbed, alice)).toMatchObject({ event: 'auth.refreshed' });
    await say('2');
    expect(heard(alice).filter((event) => event.startsWith('said'))).toEqual(['said before']);
    await testbed.advance(LOOK);
    await say('3');
    expect(
      heard(alice)
        .filter((event) => event.startsWith('said'))
        .slice(1),
    ).toEqual(history ? ['said 1', 'said 2', 'said 3'] : ['said 3']);
  });

  it('one that comes in before the end is seen is greeted, and misses nothing', async () => {
    await goStale();
    await say('1');
    confirm();
    const carol = await testbed.connectAs({ sub: 'carol', rooms: [ROOM] });
    await say('2');
    await testbed.advance(LOOK);
    await say('3');
    expect(heard(carol)).toEqual([...made('2'), 'said 3']);
  });

  it('costs one deadline for all of them, and none before and after', async () => {
    const { wheel } = nodeOf(testbed);
    const before = wheel.size;
    await goStale();
    for (let n = 0; n < 5; n++) await say('x');
    await testbed.advance(10_000);
    expect(wheel.size).toBe(before + 1);
    await recover();
    expect(wheel.size).toBe(before);
  });
});

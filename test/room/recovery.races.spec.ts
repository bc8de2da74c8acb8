import { RevocationService, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { banned, GatedPolicy, resetSeams } from '../support/gated-seams.js';
import { heard, LiveGateway, OTHER_ROOM, refresh, ROOM } from '../support/live-room.js';
import { serverEnd } from '../support/node-of.js';
import { typeOf } from '../support/recording-engine.js';
import { HeldEngine } from '../support/recovery-stage.js';

const BOTH = [ROOM, OTHER_ROOM];

describe('While a member catches up', () => {
  let testbed: RoomgateTestbed;
  let engine: HeldEngine;
  let alice: TestConnection;
  let epoch: string;

  beforeEach(async () => {
    engine = new HeldEngine(() => testbed.clock.now());
    testbed = await createRoomgateTestbed({
      providers: [LiveGateway, GatedPolicy],
      engine: typeOf(engine),
      roomgate: { rooms: { default: { history: true } } },
    });
    const host = await testbed.connectAs({ sub: 'host', rooms: [ROOM] });
    ({ epoch } = host.hello.position as { epoch: string });
    await say('1');
    engine.reads = [];
  });
  afterEach(async () => {
    resetSeams();
    await testbed.close();
  });

  const room = () => testbed.get(RoomService).room(ROOM);
  const say = (text: string): Promise<unknown> => room().broadcast('said', text);
  const back = async (more: { offset?: number; ttlMs?: number } = {}): Promise<void> => {
    const { offset = 0, ttlMs } = more;
    const position = { offset, epoch };
    const path = `/${ROOM}`;
    alice = await testbed.connectAs({ sub: 'alice', rooms: BOTH, path, position, ttlMs });
  };
  const answer = async (): Promise<void> => {
    for (const read of engine.reads?.splice(0) ?? []) read.answer();
    await testbed.settle();
  };

  it.each<[string, () => unknown, string[]]>([
    [
      'a reauthorization that takes the room away',
      () => {
        banned.add(`alice ${ROOM}`);
        return room().reauthorize();
      },
      ['room.left', 'goodbye'],
    ],
    ['the close of the room', () => room().close(), ['goodbye']],
    [
      'a revocation',
      () => testbed.get(RevocationService).revokeSubject({ subject: 'alice' }),
      ['goodbye'],
    ],
  ])('%s leaves nothing to be given', async (_what, happens, expected) => {
    await back();
    await say('2');
    await happens();
    await answer();
    await say('3');
    await testbed.settle();
    expect(heard(alice)).toEqual(expected);
  });

  it('a room of several that is lost gives nothing more, and comes back without its past', async () => {
    await back();
    await alice.request('room.join', { room: OTHER_ROOM });
    banned.add(`alice ${ROOM}`);
    await room().reauthorize();
    await say('2');
    banned.clear();
    await alice.request('room.join', { room: ROOM, position: { offset: 0, epoch } });
    await answer();
    await say('3');
    await testbed.settle();
    expect(heard(alice)).toEqual(['room.left', 'gap', 'said 3']);
  });

  it('a refresh changes nothing of what it is given', async () => {
    await back();
    expect(await refresh(testbed, alice)).toMatchObject({ event: 'auth.refreshed' });
    await say('2');
    await answer();
    expect(heard(alice)).toEqual(['said 1', 'said 2']);
  });

  it('a mute and a refresh lose nothing, whether it has caught up by then or not', async () => {
    await back({ ttlMs: 20_000 });
    testbed.clock.step(30_000);
    await say('2');
    await answer();
    await say('3');
    await testbed.settle();
    expect(heard(alice)).toEqual([]);
    const refreshed = refresh(testbed, alice);
    await testbed.settle();
    await say('4');
    await answer();
    await answer();
    expect(await refreshed).toMatchObject({ event: 'auth.refreshed' });
    expect(heard(alice)).toEqual(['said 1', 'said 2', 'said 3', 'said 4']);
  });

  it('it may be left, and joined again from another position', async () => {
    await back();
    await alice.request('room.join', { room: OTHER_ROOM });
    await alice.request('room.leave', { room: ROOM });
    await say('2');
    await alice.request('room.join', { room: ROOM, position: { offset: 1, epoch } });
    await answer();
    expect(heard(alice)).toEqual(['said 2']);
  });

  it('what it said to others by its former connection stays said to others', async () => {
    await room().broadcast('said', '2', { except: 'former' });
    await say('3');
    const position = { offset: 1, epoch, connectionId: 'former' };
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM], position });
    await answer();
    expect(heard(alice)).toEqual(['said 3']);
  });

  it('of a room that says more than a slow reader can take, it is closed when it takes nothing for long, and is told of the gap when it is back', async () => {
    engine.reads = undefined;
    await back({ offset: 1 });
    const { socket } = alice;
    socket.pause();
    for (let n = 0; n < 40; n++) {
      await say(`${n}`.padEnd(40_000, '.'));
      await testbed.settle();
    }
    await testbed.advance(30_250);
    socket.resume();
    await alice.expectClosed(4413);
    const seen = alice.waiting.filter(({ event }) => event === 'said');
    const last = seen.at(-1)?.offset ?? 1;
    expect(seen.map(({ offset }) => offset)).toEqual(seen.map((_, index) => index + 2));
    await say('last');
    await back({ offset: last });
    await testbed.settle();
    expect(heard(alice)).toEqual(['gap']);
    expect(alice.waiting[0]?.data).toMatchObject({ epoch, offset: 42 });
    expect(serverEnd(testbed, alice).outbox.backlogBytes).toBe(0);
  });
});

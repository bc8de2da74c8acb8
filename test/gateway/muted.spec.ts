import { RevocationService, RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { GatedPolicy } from '../support/gated-seams.js';
import { heard, LiveGateway, OTHER_ROOM, refresh, ROOM, working } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';

describe('A muted connection', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  let bob: TestConnection;
  let say: (text: string) => Promise<void>;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({ providers: [LiveGateway, GatedPolicy] });
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM], ttlMs: 60_000 });
    bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
    const rooms = testbed.get(RoomService);
    say = async (text) => {
      await rooms.room(ROOM).broadcast('said', text);
      await testbed.settle();
    };
  });
  afterEach(async () => {
    working.open();
    await testbed.close();
  });

  const mute = (): Promise<void> => testbed.advance(65_000);
  /** Without the warning, which every one of them got. */
  const after = (): string[] => heard(alice).filter((event) => event !== 'auth.expiring');

  it('hears nothing of its room or of its application, and stays a member', async () => {
    await say('before');
    await mute();
    await say('after');
    serverEnd(testbed, alice).send('private');
    await testbed.settle();
    expect(after()).toEqual(['said before']);
    expect(heard(bob)).toEqual(['said before', 'said after']);
    expect(testbed.get(RoomService).members(ROOM)).toHaveLength(2);
  });

  it('gets an exception for a reply that comes late, and never its data', async () => {
    working.hold();
    alice.send('work', undefined, 7);
    await testbed.settle();
    testbed.clock.step(65_000);
    working.open();
    await testbed.settle();
    expect(heard(alice)).toEqual(['exception']);
    expect(alice.waiting.at(-1)?.data).toMatchObject({ code: 'token_expired' });
  });

  it('says nothing: each message with an id is answered that the token has expired, without a strike', async () => {
    await mute();
    for (let n = 0; n < 20; n++)
      expect(await alice.request('say', 'late')).toMatchObject({
        event: 'exception',
        data: { code: 'token_expired' },
      });
    expect(heard(bob)).toEqual([]);
    expect(await refresh(testbed, alice)).toMatchObject({ event: 'auth.refreshed' });
  });

  it('still closes for messages that are none', async () => {
    await mute();
    for (let n = 0; n < 20; n++) alice.socket.send('{');
    await alice.expectClosed(4400);
  });

  it.each<[string, number, (by: RoomgateTestbed) => unknown]>([
    ['blocked', 4440, (by) => by.get(RevocationService).block({ subject: 'alice' })],
    ['thrown out of its room', 4404, (by) => by.get(RoomService).room(ROOM).close()],
    ['forgotten in its grace', 4401, (by) => by.advance(25_250)],
  ])('reads a goodbye and nothing else when it is %s', async (_, code, act) => {
    await mute();
    await say('secret');
    void testbed.get(RoomService).room(ROOM).broadcast('said', 'in the same turn');
    await act(testbed);
    await alice.expectClosed(code);
    expect(after()).toEqual(['goodbye']);
  });

  it('goes on after a refresh as if it were new: told of the gap, live for as long as the token says', async () => {
    await mute();
    await say('missed');
    await refresh(testbed, alice, { ttlMs: 600_000 });
    await say('heard');
    await testbed.advance(500_000);
    expect(await alice.request('say', 'mine')).toMatchObject({ event: 'ack' });
    expect(after()).toEqual(['gap', 'said heard', 'said mine']);
  });

  it('is not told of the gap in a room that the refresh lost', async () => {
    await mute();
    await say('missed');
    await refresh(testbed, alice, { rooms: [OTHER_ROOM] });
    await alice.expectClosed(4403);
    expect(after()).toEqual(['room.left', 'goodbye']);
  });

  it('stays muted after a refresh that failed, and its grace is no longer for it', async () => {
    await mute();
    for (let n = 0; n < 8; n++) {
      expect(await refresh(testbed, alice, { sub: 'bob' })).toMatchObject({
        data: { code: 'identity_changed' },
      });
      await testbed.advance(3_000);
      await say('secret');
    }
    await testbed.advance(1_250);
    await alice.expectClosed(4401);
    expect(after()).toEqual(['goodbye']);
  });

  it('is muted by the clock as it is, whichever way it was set', async () => {
    testbed.clock.step(65_000);
    await say('ahead');
    testbed.clock.step(-65_000);
    await say('back');
    testbed.clock.step(64_999);
    await say('at the last millisecond');
    testbed.clock.step(1);
    await say('too late');
    expect(heard(alice)).toEqual(['said back', 'said at the last millisecond']);
    await refresh(testbed, alice);
    await testbed.settle();
    expect(after().slice(2)).toEqual(['gap']);
  });

  it('keeps nothing back for later: what was muted is gone', async () => {
    await mute();
    for (let n = 0; n < 100; n++) void say('x'.repeat(10_000));
    await testbed.settle();
    expect(serverEnd(testbed, alice).outbox.backlogBytes).toBe(0);
    expect(nodeOf(testbed).registry.size).toBe(2);
    await refresh(testbed, alice);
    await testbed.settle();
    expect(after()).toEqual(['gap']);
  });
});

import { type RoomId, RoomService } from 'nestjs-roomgate';
import type { RoomRights } from '../../src/admission/room-policy.js';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { roomKey } from '../../src/admission/room-id.js';
import type { ServerConnection } from '../../src/connection/connection.js';
import { banned, deciding, GatedPolicy, resetSeams } from '../support/gated-seams.js';
import { heard, LiveGateway, OTHER_ROOM, refresh, ROOM } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';

class FailingPolicy extends GatedPolicy {
  static fails = false;

  override async join(access: Parameters<GatedPolicy['join']>[0]): Promise<boolean> {
    if (FailingPolicy.fails) throw new Error('canary');
    return super.join(access);
  }
}

describe('Reauthorization', () => {
  let testbed: RoomgateTestbed;
  let rooms: RoomService;
  let alice: TestConnection;
  let bob: TestConnection;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [LiveGateway, { provide: GatedPolicy, useClass: FailingPolicy }],
    });
    rooms = testbed.get(RoomService);
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM, OTHER_ROOM] });
    bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
  });
  afterEach(async () => {
    FailingPolicy.fails = false;
    resetSeams();
    await testbed.close();
  });

  const inRoom = (): ServerConnection => serverEnd(testbed, alice);
  const members = (): string[] => rooms.members(ROOM).map(({ principal }) => principal.subject);

  it('of a room asks about its members and nobody else', async () => {
    const elsewhere = await testbed.connectAs({ sub: 'alice', rooms: [OTHER_ROOM] });
    banned.add(`alice ${ROOM}`).add(`alice ${OTHER_ROOM}`);
    expect(await rooms.room(ROOM).reauthorize()).toEqual({ kept: 1, left: 1 });
    await alice.expectClosed(4403);
    expect(heard(alice)).toEqual(['room.left', 'goodbye']);
    expect(alice.waiting[0]?.data).toEqual({ room: ROOM, code: 4403 });
    expect(members()).toEqual(['bob']);
    expect(await elsewhere.request('work')).toMatchObject({ event: 'ack' });
    expect(await bob.request('work')).toMatchObject({ event: 'ack' });
  });

  it('tells of a room once, also when a listener has taken the member out of it meanwhile', async () => {
    const third = 'c3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
    const carol = await testbed.connectAs({ sub: 'carol', rooms: [ROOM, OTHER_ROOM, third] });
    for (const room of [OTHER_ROOM, third]) await carol.request('room.join', { room });
    banned.add(`carol ${ROOM}`).add(`carol ${OTHER_ROOM}`);
    rooms.listen({ onLeave: () => void rooms.room(OTHER_ROOM).close() });
    await rooms.reauthorize(serverEnd(testbed, carol).principal);
    await testbed.settle();
    expect(carol.waiting.map(({ event, data }) => [event, data])).toEqual([
      ['room.left', { room: OTHER_ROOM, code: 4404 }],
      ['room.left', { room: ROOM, code: 4403 }],
    ]);
    expect(await carol.request('work', { room: third })).toBeDefined();
  });

  it('of a principal asks about all of its connections, in whatever room', async () => {
    const elsewhere = await testbed.connectAs({ sub: 'alice', rooms: [OTHER_ROOM] });
    banned.add(`alice ${OTHER_ROOM}`);
    expect(await rooms.reauthorize(inRoom().principal)).toEqual({ kept: 1, left: 1 });
    await elsewhere.expectClosed(4403);
    expect(members()).toEqual(['alice', 'bob']);
  });

  it('of nobody keeps and loses nobody', async () => {
    expect(await rooms.reauthorize({ identity: 'nobody' })).toEqual({ kept: 0, left: 0 });
    expect(await rooms.room(OTHER_ROOM).reauthorize()).toEqual({ kept: 0, left: 0 });
  });

  it('keeps nobody whom the policy gives no answer about', async () => {
    FailingPolicy.fails = true;
    expect(await rooms.room(ROOM).reauthorize()).toEqual({ kept: 0, left: 2 });
    await alice.expectClosed(4403);
    await bob.expectClosed(4403);
  });

  it('leaves nothing to be read of what was said in its turn', async () => {
    banned.add(`alice ${ROOM}`);
    deciding.hold();
    const result = rooms.room(ROOM).reauthorize();
    await testbed.settle();
    void rooms.room(ROOM).broadcast('said', 'late');
    deciding.open();
    await result;
    await alice.expectClosed(4403);
    await testbed.settle();
    expect(heard(alice)).not.toContain('said late');
    expect(heard(bob)).toContain('said late');
  });

  it('decides by the claims that a refresh brought meanwhile', async () => {
    deciding.hold();
    const result = rooms.room(ROOM).reauthorize();
    await testbed.settle();
    void refresh(testbed, alice, { rooms: [OTHER_ROOM] }).catch(() => undefined);
    await testbed.settle();
    expect(deciding.waiting).toBe(3);
    // The refresh was asked last, and is answered first.
    deciding.letGo(2);
    await testbed.settle();
    deciding.open();
    expect(await result).toEqual({ kept: 1, left: 1 });
    await alice.expectClosed(4403);
    expect(members()).toEqual(['bob']);
  });

  it('asked twice ends once, whichever is answered first', async () => {
    for (const first of [0, 2]) {
      const carol = await testbed.connectAs({ sub: 'carol', rooms: [ROOM] });
      deciding.hold();
      banned.add(`carol ${ROOM}`);
      const results = [1, 2].map(() => rooms.room(ROOM).reauthorize());
      await testbed.settle();
      for (let n = 0; n < 3; n++) deciding.letGo(first);
      await testbed.settle();
      deciding.open();
      for (const { kept, left } of await Promise.all(results)) expect(kept + left).toBe(3);
      await carol.expectClosed(4403);
      expect(heard(carol)).toEqual(['room.left', 'goodbye']);
      expect(members()).toEqual(['alice', 'bob']);
      banned.clear();
    }
  });

  it('does not count among the kept who was closed meanwhile', async () => {
    deciding.hold();
    const result = rooms.room(ROOM).reauthorize();
    await testbed.settle();
    void rooms.room(ROOM).disconnect(inRoom().principal);
    deciding.open();
    expect(await result).toEqual({ kept: 1, left: 1 });
    await alice.expectClosed(4440);
  });

  it('changes what a member may do without asking it to leave', async () => {
    await refresh(testbed, alice, { scope: 'mute' });
    expect(await rooms.room(ROOM).reauthorize()).toEqual({ kept: 2, left: 0 });
    expect(await alice.request('say', 'x')).toMatchObject({ data: { code: 'publish_forbidden' } });
    expect(await bob.request('say', 'x')).toMatchObject({ event: 'ack' });
  });

  it('of a muted member works too', async () => {
    testbed.clock.step(3_605_000);
    banned.add(`alice ${ROOM}`);
    await rooms.room(ROOM).reauthorize();
    await alice.expectClosed(4403);
    expect(heard(alice)).toEqual(['room.left', 'goodbye']);
  });

  describe('of a member of two rooms', () => {
    beforeEach(async () => {
      const { memberships } = nodeOf(testbed);
      const room = OTHER_ROOM as RoomId;
      const key = roomKey('default', room);
      const { rights } = inRoom().memberships[0] as { rights: RoomRights };
      const release = await memberships.hold(key);
      memberships.join(inRoom(), { key, room, rights, release });
      banned.add(`alice ${ROOM}`);
    });
    const sayInBoth = (text: string): void => {
      void rooms.room(ROOM).broadcast('said', `${text} in the lost one`);
      void rooms.room(OTHER_ROOM).broadcast('said', `${text} in the other`);
    };

    it('leaves the one that is lost, with nothing of it to be read, and stays in the other', async () => {
      deciding.hold();
      const result = rooms.room(ROOM).reauthorize();
      await testbed.settle();
      sayInBoth('before');
      deciding.open();
      expect(await result).toEqual({ kept: 1, left: 1 });
      sayInBoth('after');
      await testbed.settle();
      expect(heard(alice)).toEqual([
        'said before in the other',
        'room.left',
        'said after in the other',
      ]);
      expect(members()).toEqual(['bob']);
    });

    it('is told of the gap only in the one that it kept', async () => {
      testbed.clock.step(3_605_000);
      sayInBoth('missed');
      await testbed.settle();
      await refresh(testbed, alice, { rooms: [ROOM, OTHER_ROOM] });
      await testbed.settle();
      expect(heard(alice)).toEqual(['room.left', 'gap']);
      expect(alice.waiting[1]?.data).toMatchObject({ room: OTHER_ROOM });
    });
  });
});

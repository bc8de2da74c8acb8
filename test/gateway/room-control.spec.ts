import { randomUUID } from 'node:crypto';
import { RoomPolicy } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
  type TestMessage,
} from 'nestjs-roomgate/testing';
import { deciding, GatedPolicy, resetSeams } from '../support/gated-seams.js';
import { heard, LiveGateway, OTHER_ROOM, ROOM, working } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';

class OpenPolicy extends RoomPolicy {
  join(): Promise<boolean> {
    return deciding.pass().then(() => true);
  }
}

const outcome = ({ event, data }: TestMessage): string => data?.code ?? event;

describe('Several rooms on one connection', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [LiveGateway, { provide: GatedPolicy, useClass: OpenPolicy }],
      roomgate: {
        roomIdleMs: 0,
        maxRoomsPerConnection: 100,
        rooms: { default: { history: true } },
      },
    });
    alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
  });
  afterEach(async () => {
    resetSeams();
    await testbed.close();
  });

  const ask = (event: string, room: string): Promise<string> =>
    alice.request(event, { room }).then(outcome);
  const rooms = (): number => serverEnd(testbed, alice).memberships.length;

  it('are joined a hundred at once, up to as many as it may have, one after the other', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () => ask('room.join', randomUUID())),
    );
    expect(outcomes).toEqual([...Array<string>(99).fill('room.joined'), 'too_many_rooms']);
    expect([rooms(), nodeOf(testbed).memberships.size]).toEqual([100, 100]);
  });

  it('are asked for a hundred and one at a time; more has to wait', async () => {
    deciding.hold();
    const asked = Array.from({ length: 102 }, () => ask('room.join', ROOM));
    await testbed.settle();
    deciding.open();
    expect(await Promise.all(asked)).toEqual([
      ...Array<string>(101).fill('already_member'),
      'rate_limited',
    ]);
  });

  it('are each joined once', async () => {
    const twice = [ask('room.join', OTHER_ROOM), ask('room.join', OTHER_ROOM)];
    expect(await Promise.all(twice)).toEqual(['room.joined', 'already_member']);
    expect(await ask('room.join', OTHER_ROOM.toUpperCase())).toBe('already_member');
    expect(await ask('room.join', ROOM)).toBe('already_member');
  });

  it('are left one by one, and with the last of them the connection ends', async () => {
    await ask('room.join', OTHER_ROOM);
    expect(await ask('room.leave', ROOM)).toBe(1000 as never);
    expect(rooms()).toBe(1);
    const left = alice.request('room.leave', { room: OTHER_ROOM });
    const late = alice.request('work', undefined, { room: OTHER_ROOM }).catch(() => 'never');
    expect(await left).toMatchObject({
      event: 'room.left',
      data: { room: OTHER_ROOM, code: 1000 },
    });
    await alice.expectClosed(1000);
    await testbed.settle();
    expect([await late, nodeOf(testbed).memberships.size, heard(alice)]).toEqual(['never', 0, []]);
  });

  it.each(['foreign', 'just left'])(
    'are not spoken to when they are %s: no handler runs',
    async (how) => {
      working.hold();
      if (how !== 'foreign') alice.send('room.join', { room: OTHER_ROOM });
      if (how === 'just left') alice.send('room.leave', { room: OTHER_ROOM });
      await testbed.settle();
      for (const event of ['work', 'say', 'room.history', 'room.presence', 'room.leave']) {
        const isControl = event.startsWith('room.');
        const members = isControl ? undefined : { room: OTHER_ROOM };
        const data = isControl ? { room: OTHER_ROOM } : 'x';
        expect([event, outcome(await alice.request(event, data, members))]).toEqual([
          event,
          'not_a_member',
        ]);
      }
      expect(working.waiting).toBe(0);
      working.open();
    },
  );

  it('are not spoken to while they are pending: the handler runs when the join is decided', async () => {
    working.hold();
    deciding.hold();
    alice.send('room.join', { room: OTHER_ROOM });
    const reply = alice.request('work', 'x', { room: OTHER_ROOM });
    await testbed.settle();
    expect(working.waiting).toBe(0);
    deciding.open();
    await testbed.settle();
    expect(working.waiting).toBe(1);
    working.open();
    expect(outcome(await reply)).not.toBe('not_a_member');
  });

  it.each([
    ['beyond the head', (epoch: string) => ({ offset: 1, epoch })],
    ['of another room', (_: string, other: string) => ({ offset: 0, epoch: other })],
    ['of nothing', () => ({ offset: 0, epoch: '' })],
  ])('are told of a gap to one whose position is %s', async (_what, positionOf) => {
    const there = await testbed.connectAs({ sub: 'bob', rooms: [OTHER_ROOM] });
    const { epoch } = there.hello.position as { epoch: string };
    const position = positionOf(epoch, alice.hello.position?.epoch as string);
    await alice.request('room.join', { room: OTHER_ROOM, position });
    await testbed.settle();
    expect(alice.waiting).toMatchObject([
      { event: 'gap', data: { room: OTHER_ROOM, epoch, offset: 0 } },
    ]);
  });
});

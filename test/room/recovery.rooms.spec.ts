import { randomUUID } from 'node:crypto';
import { RoomService } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { GatedPolicy, resetSeams } from '../support/gated-seams.js';
import { LiveGateway } from '../support/live-room.js';
import { nodeOf, serverEnd } from '../support/node-of.js';

const MAX_OUTBOX_BYTES = 1_048_576;

describe('A member of several rooms that catches up', () => {
  let testbed: RoomgateTestbed;
  let rooms: string[];
  let alice: TestConnection;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [LiveGateway, GatedPolicy],
      roomgate: {
        maxOutboxBytes: MAX_OUTBOX_BYTES,
        rooms: { default: { history: true } },
      },
    });
    rooms = Array.from({ length: 8 }, () => randomUUID());
  });
  afterEach(async () => {
    resetSeams();
    await testbed.close();
  });

  const say = (room: string, text: string): Promise<unknown> =>
    testbed.get(RoomService).room(room).broadcast('said', text);
  const enter = async (ttlMs?: number): Promise<void> => {
    alice = await testbed.connectAs({ sub: 'alice', rooms, path: `/${rooms[0]}`, ttlMs });
  };
  const countOf = (event: string): number =>
    alice.waiting.filter((message) => message.event === event).length;

  it('gets more than an outbox holds, room after room, when it reads', async () => {
    await enter(60_000);
    for (const room of rooms.slice(1)) await alice.request('room.join', { room });
    await testbed.advance(66_000);
    for (const room of rooms) for (let n = 0; n < 5; n++) await say(room, 'x'.repeat(50_000));
    await testbed.settle();
    const token = testbed.mint({ sub: 'alice', rooms });
    expect(await alice.request('auth.refresh', { token })).toMatchObject({
      event: 'auth.refreshed',
    });
    for (let n = 0; n < 20; n++) await testbed.settle();
    expect([countOf('said'), countOf('gap'), countOf('goodbye')]).toEqual([40, 0, 0]);
  });

  describe('and reads nothing', () => {
    beforeEach(async () => {
      const epochs = new Map<string, unknown>();
      for (const room of rooms) epochs.set(room, await say(room, 'old'));
      await enter();
      alice.socket.pause();
      for (let n = 0; n < 5; n++) {
        serverEnd(testbed, alice).send('fill', 'y'.repeat(30_000));
        await testbed.settle();
      }
      for (const room of rooms.slice(1)) {
        const position = { ...(epochs.get(room) as object), offset: 0 };
        alice.send('room.join', { room, position });
        await testbed.settle();
      }
    });

    const heldBytes = (): number =>
      rooms
        .map((room) => nodeOf(testbed).memberships.get(`default/${room}` as never))
        .flatMap((room) => room?.heldFrom(serverEnd(testbed, alice))?.after(0) ?? [])
        .reduce((sum, { frame }) => sum + frame.length, 0);

    it('costs no more than one that is in one room', async () => {
      expect(serverEnd(testbed, alice).memberships).toHaveLength(8);
      for (let n = 0; n < 9; n++)
        for (const room of rooms.slice(1)) await say(room, 'x'.repeat(50_000));
      await testbed.settle();
      expect(heldBytes()).toBeLessThanOrEqual(MAX_OUTBOX_BYTES);
    });

    it('gets everything all the same when it reads again', async () => {
      for (let n = 0; n < 4; n++)
        for (const room of rooms.slice(1)) await say(room, 'x'.repeat(50_000));
      alice.socket.resume();
      for (let n = 0; n < 40; n++) await testbed.settle();
      expect([countOf('said'), countOf('gap'), countOf('goodbye')]).toEqual([35, 0, 0]);
    });

    it('is closed when it has taken nothing for a while', async () => {
      await testbed.advance(30_000);
      alice.socket.resume();
      await alice.expectClosed(4413);
    });
  });
});

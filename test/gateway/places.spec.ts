import { randomUUID } from 'node:crypto';
import { SubscribeMessage } from '@nestjs/websockets';
import { CurrentRoom, type Room, RoomGateway, RoomPolicy, RoomService } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { Gate } from '../support/gate.js';
import { ROOM } from '../support/live-room.js';
import { nodeOf } from '../support/node-of.js';

const asked = new Gate();
const banned = new Set<string>();
let hangs = false;

class SlowPolicy extends RoomPolicy {
  async join({
    room,
    principal,
  }: {
    room: string;
    principal: { subject: string };
  }): Promise<boolean> {
    const isBanned = banned.has(`${principal.subject} ${room}`);
    if (hangs) return new Promise(() => undefined);
    await asked.pass();
    return !isBanned;
  }
}

@RoomGateway('/:room', { policy: SlowPolicy })
class RelayGateway {
  @SubscribeMessage('relay')
  async relay(@CurrentRoom() room: Room): Promise<void> {
    await room.broadcast(['goodbye'] as unknown as string, {});
  }
}

describe('Places and answers', () => {
  let testbed: RoomgateTestbed;
  beforeEach(async () => {
    hangs = false;
    banned.clear();
    asked.open();
    testbed = await createRoomgateTestbed({
      providers: [RelayGateway, SlowPolicy],
      roomgate: { maxConnectionsPerSubject: 2 },
    });
  });
  afterEach(() => testbed.close());

  it('of a subject are given back when a policy never answers', async () => {
    hangs = true;
    for (let n = 0; n < 3; n++) {
      const refused = testbed.expectRefused(503, 'verdict_timeout', { token: testbed.mint() });
      await testbed.settle();
      await testbed.advance(6_000);
      await refused;
    }
    hangs = false;
    expect(nodeOf(testbed).subjects.size).toBe(0);
    await testbed.connectAs();
  });

  it('are not put off by a member that joins and leaves other rooms meanwhile', async () => {
    const rooms = testbed.get(RoomService);
    const alice = await testbed.connectAs({ sub: 'alice', rooms: [ROOM] });
    const others = Array.from({ length: 6 }, () => randomUUID());
    for (const room of others) await alice.request('room.join', { room });
    banned.add(`alice ${ROOM}`);
    asked.hold();
    const done = rooms.room(ROOM).reauthorize();
    await testbed.settle();
    for (const room of others.slice(1)) await alice.request('room.leave', { room });
    asked.open();
    expect(await done).toEqual({ kept: 0, left: 1 });
    expect(rooms.members(ROOM)).toEqual([]);
  });

  it('of the door are not stale because another room was closed', async () => {
    asked.hold();
    const knocking = testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
    await testbed.settle();
    const rooms = testbed.get(RoomService);
    await rooms.room(randomUUID()).close();
    await rooms.room(randomUUID()).reauthorize();
    asked.open();
    expect((await knocking).hello.room).toBe(ROOM);
  });

  it('are not to be had for what is no event', async () => {
    const alice = await testbed.connectAs({ rooms: [ROOM] });
    expect(await alice.request('relay')).toMatchObject({ event: 'exception' });
    expect(alice.waiting).toEqual([]);
    const rooms = testbed.get(RoomService);
    for (const bytes of [{ length: 1e9 }, 'text', [1]])
      await expect(rooms.room(ROOM).broadcastBinary(bytes as never)).rejects.toMatchObject({
        code: 'invalid_data',
      });
    for (const event of ['', undefined, 7, {}])
      await expect(rooms.room(ROOM).broadcast(event as never)).rejects.toMatchObject({
        code: 'invalid_data',
      });
  });
});

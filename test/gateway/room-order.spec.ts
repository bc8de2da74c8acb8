import { randomUUID } from 'node:crypto';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentRoom,
  MemoryEngine,
  type Room,
  RoomGateway,
  type RoomgateModuleOptions,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { Gate } from '../support/gate.js';
import { serverEnd } from '../support/node-of.js';

const HOME = randomUUID();
const ROOM = randomUUID();
const OTHER = randomUUID();

const subscribing = new Gate();
const working = new Gate();

/** An engine over a network: a room is not there in the turn in which it is asked for. */
class SlowEngine extends MemoryEngine {
  override subscribe(...args: Parameters<MemoryEngine['subscribe']>): never {
    const subscribed = subscribing.pass().then(() => super.subscribe(...args));
    return subscribed as never;
  }
}

@RoomGateway('/:room')
class TalkGateway {
  @SubscribeMessage('say')
  say(@CurrentRoom() room: Room, @MessageBody() data: unknown): unknown {
    return room.broadcast('said', data);
  }

  @SubscribeMessage('work')
  async work(): Promise<void> {
    await working.pass();
  }
}

describe.each([
  ['memory', MemoryEngine],
  ['an engine that takes its time', SlowEngine],
])('The order of what one client asks for, with %s', (_name, engine) => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  const start = async (roomgate: RoomgateModuleOptions = {}): Promise<void> => {
    testbed = await createRoomgateTestbed({ providers: [TalkGateway], engine, roomgate });
    alice = await testbed.connectAs({ sub: 'alice', rooms: [HOME, ROOM, OTHER] });
  };
  afterEach(async () => {
    subscribing.open();
    working.open();
    await testbed.close();
  });

  const replies = async (...ids: string[]): Promise<string[]> => {
    const found: string[] = [];
    for (const id of ids) {
      let message = await alice.next();
      while (message.id !== id) message = await alice.next();
      const { code } = Object(message.data) as { code?: unknown };
      found.push(typeof code === 'string' ? code : message.event);
    }
    return found;
  };

  it('has a message wait for the join of its room, when both come in one packet', async () => {
    await start();
    subscribing.hold();
    alice.send('room.join', { room: ROOM }, 'join');
    alice.send('say', 1, 'say', { room: ROOM });
    await testbed.settle();
    subscribing.open();
    expect(await replies('join', 'say')).toEqual(['room.joined', 'ack']);
  });

  it('answers such a message when the join is refused', async () => {
    await start();
    const foreign = randomUUID();
    alice.send('room.join', { room: foreign }, 'join');
    alice.send('say', 1, 'say', { room: foreign });
    expect(await replies('join', 'say')).toEqual(['room_forbidden', 'not_a_member']);
  });

  it('handles what was said to a room before it is left, and nothing that was said after', async () => {
    await start();
    await alice.request('room.join', { room: ROOM });
    working.hold();
    alice.send('work', undefined, 'work');
    alice.send('say', 'before', 'before', { room: ROOM });
    alice.send('room.leave', { room: ROOM }, 'leave');
    alice.send('say', 'after', 'after', { room: ROOM });
    await testbed.settle();
    expect(serverEnd(testbed, alice).memberships).toHaveLength(2);
    working.open();
    expect(await replies('work', 'before')).toEqual(['ack', 'ack']);
    expect(await replies('leave', 'after')).toEqual(['room.left', 'not_a_member']);
  });

  it('does not keep a room for messages to another one', async () => {
    await start();
    await alice.request('room.join', { room: ROOM });
    working.hold();
    alice.send('work', undefined, 'work');
    expect((await alice.request('room.leave', { room: ROOM })).event).toBe('room.left');
    working.open();
    expect(await replies('work')).toEqual(['ack']);
  });

  it('takes leaving and joining again as it was asked for', async () => {
    await start();
    await alice.request('room.join', { room: ROOM });
    working.hold();
    alice.send('work', undefined, 'work');
    alice.send('say', 1, 'one', { room: ROOM });
    alice.send('room.leave', { room: ROOM }, 'leave');
    alice.send('say', 2, 'two', { room: ROOM });
    alice.send('room.join', { room: ROOM }, 'join');
    alice.send('say', 3, 'three', { room: ROOM });
    alice.send('room.join', { room: OTHER }, 'other');
    await testbed.settle();
    working.open();
    const all = await replies('work', 'one', 'leave');
    expect(all).toEqual(['ack', 'ack', 'room.left']);
    const rest: Record<string, string> = {};
    while (Object.keys(rest).length < 4) {
      const { id, event, data } = await alice.next();
      const { code } = Object(data) as { code?: unknown };
      if (id !== undefined) rest[id] = typeof code === 'string' ? code : event;
    }
    expect(rest).toEqual({
      two: 'not_a_member',
      join: 'room.joined',
      three: 'ack',
      other: 'room.joined',
    });
  });

  it('forgets who waits when the connection goes', async () => {
    await start();
    await alice.request('room.join', { room: ROOM });
    working.hold();
    alice.send('work', undefined, 'work', { room: ROOM });
    alice.send('room.leave', { room: ROOM }, 'leave');
    await testbed.settle();
    alice.socket.terminate();
    await testbed.settle();
    working.open();
    await testbed.settle();
    const bob = await testbed.connectAs({ sub: 'bob', rooms: [HOME, ROOM] });
    expect((await bob.request('room.join', { room: ROOM })).event).toBe('room.joined');
  });
});

/** Lists of members never come, and rooms as the test says. */
class HangingEngine extends SlowEngine {
  override present(): never {
    return new Promise(() => undefined) as never;
  }
}

describe('A message that waits for a join', () => {
  const DEADLINE_MS = 5_000;
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({
      providers: [TalkGateway],
      engine: HangingEngine,
      roomgate: { rooms: { default: { presence: true } } },
    });
    alice = await testbed.connectAs({ sub: 'alice', rooms: [HOME, ROOM] });
    subscribing.hold();
  });
  afterEach(async () => {
    subscribing.open();
    await testbed.close();
  });
  const say = (id: string, room = ROOM): void => alice.send('say', id, id, { room });

  it('does not hold up the refresh of the token', async () => {
    alice.send('room.join', { room: ROOM }, 'join');
    say('said');
    await testbed.settle();
    const token = testbed.mint({ sub: 'alice', rooms: [HOME, ROOM] });
    expect((await alice.request('auth.refresh', { token })).event).toBe('auth.refreshed');
    subscribing.open();
    expect((await alice.next('room.joined')).id).toBe('join');
    expect((await alice.next('ack')).id).toBe('said');
  });

  it('is answered after the deadline, with all that wait behind it, and those to other rooms are handled', async () => {
    alice.send('room.presence', {}, 'presence');
    alice.send('room.join', { room: ROOM }, 'join');
    say('first');
    say('second');
    say('home', HOME);
    await testbed.settle();
    await testbed.advance(DEADLINE_MS);
    const codes: Record<string, unknown> = {};
    for (let n = 0; n < 3; n++) {
      const { id, data } = await alice.next('exception');
      codes[String(id)] = data.code;
    }
    const late = 'verdict_timeout';
    expect(codes).toEqual({ presence: 'engine_unavailable', first: late, second: late });
    expect((await alice.next('ack')).id).toBe('home');
    subscribing.open();
    expect((await alice.next('room.joined')).id).toBe('join');
    say('third');
    expect((await alice.next('ack')).id).toBe('third');
  });
});

describe('A position', () => {
  it('costs what a page of history costs: who asks for much waits before it asks again', async () => {
    const testbed = await createRoomgateTestbed({
      providers: [TalkGateway],
      roomgate: {
        rooms: { default: { history: { size: 100, maxBytes: 262_144 } } },
        maxMessagesPerWindow: 100,
        messageWindowMs: 10_000,
        messageBurst: 50,
      },
    });
    const bob = await testbed.connectAs({ sub: 'bob', rooms: [ROOM] });
    const { position } = bob.hello;
    for (let n = 0; n < 4; n++) await bob.request('say', 'x'.repeat(60_000));
    testbed.clock.advance(60_000);
    const alice = await testbed.connectAs({ sub: 'alice', rooms: [HOME, ROOM] });

    const quiet = await testbed.connectAs({ sub: 'carol', rooms: [HOME, ROOM] });
    const here = (await quiet.request('room.join', { room: ROOM })).data as {
      position: { offset: number; epoch: string };
    };
    await quiet.request('room.leave', { room: ROOM });
    await quiet.request('room.join', { room: ROOM, position: here.position });
    await testbed.settle();
    const paidBy = (who: TestConnection): number =>
      serverEnd(testbed, who).paidAt - testbed.clock.elapsed();
    expect(paidBy(quiet)).toBe(300);

    await alice.request('room.join', { room: ROOM, position });
    for (let n = 0; n < 4; n++) await alice.next('said');
    // 240,000 bytes at 5 for each 65,536, of 100 ms each, beside the join itself.
    expect(paidBy(alice)).toBeGreaterThan(100 + 1_800);
    expect(paidBy(alice)).toBeLessThan(100 + 1_900);
    await testbed.close();
  });
});

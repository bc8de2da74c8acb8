import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  ClaimsGuard,
  CurrentRoom,
  MemoryEngine,
  type Position,
  type Room,
  RoomGateway,
  RoomgateError,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { Deferred } from '../support/deferred.js';
import { nodeOf, serverEnd } from '../support/node-of.js';
import { ReadersPolicy } from '../support/policies.js';

/** Asks nothing, so that what the room itself asks is seen. */
class OpenGuard extends ClaimsGuard {
  override canActivate(): boolean {
    return true;
  }
}

class BreakingEngine extends MemoryEngine {
  static breaks: 'subscribe' | 'publish' | undefined;

  override subscribe(key: string): Position {
    if (BreakingEngine.breaks === 'subscribe') throw new Error('down');
    return super.subscribe(key);
  }

  override publish(...args: Parameters<MemoryEngine['publish']>): Position {
    if (BreakingEngine.breaks === 'publish')
      throw new RoomgateError('engine_unavailable', 'canary');
    return super.publish(...args);
  }
}

let wait: Deferred | undefined;

@RoomGateway('/:room', { policy: ReadersPolicy, guard: OpenGuard })
class ChatGateway {
  @SubscribeMessage('say')
  async say(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<unknown> {
    await wait?.promise;
    return room.broadcast('said', data);
  }

  @SubscribeMessage('others')
  async others(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<void> {
    await room.broadcastToOthers('said', data);
  }

  @SubscribeMessage('forge')
  async forge(@CurrentRoom() room: Room, @MessageBody() event: string): Promise<void> {
    await room.broadcast(event, {});
  }
}

describe('The room of a message', () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;
  let bob: TestConnection;
  const rooms = ['0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b'];

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      roomgate: { roomIdleMs: 0 },
      providers: [ChatGateway, ReadersPolicy],
      engine: BreakingEngine,
    });
  });
  beforeEach(async () => {
    wait = undefined;
    BreakingEngine.breaks = undefined;
    alice = await testbed.connectAs({ rooms });
    bob = await testbed.connectAs({ sub: 'bob', rooms });
  });
  afterEach(async () => {
    alice.socket.terminate();
    bob.socket.terminate();
    await testbed.settle();
  });
  afterAll(() => testbed.close());

  const code = async (
    connection: TestConnection,
    event = 'say',
    data: unknown = 1,
  ): Promise<unknown> => ((await connection.request(event, data)).data as { code?: string }).code;

  it('is spoken to with the position as the answer, and the speaker hears itself', async () => {
    const reply = await alice.request('say', { n: 1 });
    expect(reply).toMatchObject({ event: 'ack', data: { offset: 1 } });
    expect(await alice.next('said')).toMatchObject({ event: 'said', data: { n: 1 } });
    expect(await bob.next('said')).toMatchObject({ event: 'said', data: { n: 1 } });
  });

  it('is spoken to without the speaker', async () => {
    await alice.request('others', 1);
    expect(await bob.next('said')).toMatchObject({ event: 'said', data: 1 });
    await testbed.settle();
    expect(alice.waiting).toEqual([]);
  });

  it('is closed to a member without the right to publish', async () => {
    const reader = await testbed.connectAs({ sub: 'reader', rooms });
    expect(await code(reader)).toBe('publish_forbidden');
    expect(await code(reader, 'others')).toBe('publish_forbidden');
  });

  it('is closed to one who is no member, and to one who was when the handler began', async () => {
    const carol = await testbed.connectAs({ sub: 'carol' });
    carol.socket.send(JSON.stringify({ event: 'say', id: 1, room: rooms[0] }));
    expect((await carol.next()).data).toMatchObject({ code: 'not_a_member' });
    wait = new Deferred();
    const reply = code(alice);
    await testbed.settle();
    nodeOf(testbed).memberships.leaveAll(serverEnd(testbed, alice));
    wait.resolve();
    expect(await reply).toBe('not_a_member');
    expect(bob.waiting).toEqual([]);
  });

  it.each(['ack', 'exception', 'hello', 'goodbye', 'room.left', 'auth.refresh'])(
    'does not carry the reserved event %s',
    async (event) => {
      expect(await code(alice, 'forge', event)).toBe('internal');
      expect(bob.waiting).toEqual([]);
    },
  );

  it('answers with a temporary engine_unavailable when the engine cannot publish, and works again after it', async () => {
    BreakingEngine.breaks = 'publish';
    expect((await alice.request('say', 1)).data).toMatchObject({
      code: 'engine_unavailable',
      temporary: true,
    });
    BreakingEngine.breaks = undefined;
    expect(await alice.request('say', 1)).toMatchObject({ event: 'ack' });
  });

  it('is not entered when the engine cannot subscribe it, and is entered again after it', async () => {
    const { memberships } = nodeOf(testbed);
    const before = memberships.size;
    BreakingEngine.breaks = 'subscribe';
    const { headers } = await testbed.expectRefused(503, 'engine_unavailable', {
      token: testbed.mint(),
    });
    expect(headers['retry-after']).toBeDefined();
    expect(memberships.size).toBe(before);
    BreakingEngine.breaks = undefined;
    expect(await code(await testbed.connectAs())).toBeUndefined();
  });
});

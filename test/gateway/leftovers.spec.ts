import {
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import {
  CurrentConnection,
  CurrentRoom,
  type Room,
  type RoomConnection,
  RoomGateway,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { interval, NEVER, type Observable } from 'rxjs';
import { nodeOf } from '../support/node-of.js';

class Plain implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle() as Observable<unknown>;
  }
}

class Handlers {
  handleConnection(): void {}

  async handleDisconnect(connection: RoomConnection): Promise<void> {
    connection.send('late');
    await Promise.resolve();
    connection.close();
  }

  @SubscribeMessage('stream')
  stream(): Observable<number> {
    return interval(1_000_000);
  }

  @SubscribeMessage('silent')
  silent(): Observable<never> {
    return NEVER;
  }

  @SubscribeMessage('hang')
  hang(): Promise<never> {
    return new Promise(() => {});
  }

  @SubscribeMessage('say')
  async say(@CurrentRoom() room: Room): Promise<void> {
    await room.broadcastToOthers('said');
  }

  @SubscribeMessage('close')
  close(@CurrentConnection() connection: RoomConnection): void {
    connection.close(4000);
  }

  @SubscribeMessage('throw')
  throw(): void {
    throw new Error('canary');
  }
}

@RoomGateway('/:room')
class PlainGateway extends Handlers {}

@UseInterceptors(Plain)
@RoomGateway('/:room')
class InterceptedGateway extends Handlers {}

const ROOM = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';
const EVENTS = ['stream', 'silent', 'hang', 'say', 'close', 'throw', 'unknown', 'room.leave'];

describe.each([PlainGateway, InterceptedGateway])(
  'When all have gone, nothing of them stays: %p',
  (gateway) => {
    let testbed: RoomgateTestbed;
    beforeAll(async () => {
      testbed = await createRoomgateTestbed({
        roomgate: { roomIdleMs: 0 },
        providers: [gateway],
      });
    });
    afterAll(() => testbed.close());

    const ways: Record<string, (member: TestConnection) => unknown> = {
      'a close': (member) => member.close().catch(() => undefined),
      'a reset': (member) => member.socket.terminate(),
      'an expired token': () => undefined,
    };

    it('not even the watch over a stream that has said nothing', async () => {
      const alice = await testbed.connectAs({ rooms: [ROOM] });
      alice.send('silent');
      await testbed.settle();
      await alice.close();
      await testbed.advance(31_000);
      expect(testbed.clock.pending).toBe(0);
    });

    it.each(Object.keys(ways))('after %s', async (way) => {
      const members: TestConnection[] = [];
      for (const [index, event] of EVENTS.entries()) {
        const member = await testbed.connectAs({
          sub: `member-${index}`,
          rooms: [ROOM],
          ttlMs: 60_000,
        });
        members.push(member);
        for (let sent = 0; sent < 3; sent++) member.send(event, 'x', sent);
      }
      await testbed.settle();
      for (const member of members) await ways[way]?.(member);
      await testbed.settle();
      if (way === 'an expired token') await testbed.advance(90_250);
      await testbed.settle();
      const { registry, memberships, wheel, rooms } = nodeOf(testbed);
      // Handlers that still run are waited for and watched for their time and no longer; the wheel's timer runs out by itself.
      await testbed.advance(31_000);
      expect([registry.size, memberships.size, wheel.size]).toEqual([0, 0, 0]);
      expect(rooms.members(ROOM)).toEqual([]);
      await testbed.advance(1_000);
      expect(testbed.clock.pending).toBe(0);
    });
  },
);

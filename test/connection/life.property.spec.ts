import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import fc from 'fast-check';
import {
  CurrentRoom,
  RevocationService,
  type Room,
  RoomEngine,
  RoomGateway,
  RoomPolicy,
  RoomService,
} from 'nestjs-roomgate';
import { createRoomgateTestbed, type TestConnection } from 'nestjs-roomgate/testing';
import { DelayedEngine } from '../../src/toolkit/testing/delayed.engine.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import { nodeOf, serverEnd } from '../support/node-of.js';
import { propertyRuns } from '../support/property-runs.js';

const ROOM = randomUUID();
const log: (number | 'begins' | 'ends' | 'gone')[] = [];
let waiting: (() => void)[] = [];
let isWelcome = true;

class OpenPolicy extends RoomPolicy {
  join(): boolean {
    return isWelcome;
  }
}

class LaterEngine extends DelayedEngine {
  constructor() {
    super(3);
  }
}

class NowEngine extends MemoryEngine {}

@RoomGateway('/:room', { policy: OpenPolicy })
class HeldGateway {
  async handleConnection(): Promise<void> {
    log.push('begins');
    await new Promise<void>((resolve) => waiting.push(resolve));
    log.push('ends');
  }

  handleDisconnect(): void {
    log.push('gone');
  }

  @SubscribeMessage('say')
  async say(@CurrentRoom() room: Room, @MessageBody() n: number): Promise<void> {
    log.push(n);
    await new Promise<void>((resolve) => waiting.push(resolve));
    await room.broadcast('said', n);
  }
}

const STEPS = [
  'say',
  'say',
  'say',
  'go on',
  'go on',
  'settle',
  'close',
  'go',
  'block',
  'expire',
  'refuse',
  'close the room',
  'disconnect',
  'close it',
  'leave',
  'wait',
  'drain',
  'reset',
] as const;
/** Half of the plays have nothing in them by which a message may be dropped. */
const plays = fc.oneof(
  fc.array(fc.constantFrom(...STEPS), { maxLength: 25 }),
  fc.array(fc.constantFrom(...STEPS.slice(0, 7)), { maxLength: 25 }),
);
/** Of the client; behind the others nothing more may begin. */
const TAKES: readonly string[] = ['block', 'expire', 'refuse', 'close the room', 'disconnect'];

describe.each<[string, new () => RoomEngine]>([
  ['an engine that answers at once', NowEngine],
  ['an engine that answers later', LaterEngine],
])('The life of a connection, with %s', (_, engine) => {
  it('handles each message once and in order, none behind the loss of its right, and ends once, last of all, leaving nothing', async () => {
    await fc.assert(
      fc.asyncProperty(plays, async (steps) => {
        [log.length, waiting, isWelcome] = [0, [], true];
        const testbed = await createRoomgateTestbed({
          providers: [HeldGateway, OpenPolicy],
          engine,
          roomgate: { roomIdleMs: 0 },
        });
        const node = nodeOf(testbed);
        let socket: Duplex | undefined;
        const server = testbed.app.getHttpServer() as Server;
        server.once('connection', (accepted) => (socket = accepted));
        const alice: TestConnection = await testbed.connectAs({
          sub: 'alice',
          rooms: [ROOM],
          ttlMs: 600_000,
        });
        const end = serverEnd(testbed, alice);
        const rooms = testbed.get(RoomService);
        const revocation = testbed.get(RevocationService);
        let [sent, begun, begunBefore] = [0, 0, Infinity];
        // A message has begun when the inbox hands it over: its handler follows when guards and pipes have passed it.
        const handle = end.handle.bind(end);
        end.handle = (message) => {
          begun += 1;
          return handle(message);
        };
        const acts: Record<(typeof STEPS)[number], () => unknown> = {
          say: () => alice.socket.readyState === alice.socket.OPEN && alice.send('say', sent++),
          'go on': () => waiting.shift()?.(),
          settle: () => testbed.settle(),
          close: () => alice.socket.close(1000),
          go: () => alice.socket.terminate(),
          block: () => revocation.block({ subject: 'alice' }),
          expire: () => testbed.clock.step(700_000),
          refuse: async () => {
            isWelcome = false;
            await rooms.room(ROOM).reauthorize();
          },
          'close the room': () => rooms.room(ROOM).close(),
          disconnect: () => revocation.disconnect({ subject: 'alice' }),
          'close it': () => end.close(),
          leave: () =>
            alice.socket.readyState === alice.socket.OPEN && alice.send('room.leave', {}),
          wait: () => testbed.advance(5_000),
          drain: () => void node.drain.closeAll(),
          // As a TCP RST of the client: Node destroys the server's socket with this error.
          reset: () =>
            socket?.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })),
        };
        for (const step of steps) {
          await acts[step]();
          if (TAKES.includes(step)) begunBefore = Math.min(begunBefore, begun);
        }
        for (let n = 0; n < 40; n++) {
          await testbed.settle();
          for (const goOn of waiting.splice(0)) goOn();
        }
        alice.socket.terminate();
        for (let n = 0; n < 9; n++) {
          await testbed.advance(5_000);
          for (const goOn of waiting.splice(0)) goOn();
        }
        const numbers = log.filter((each): each is number => typeof each === 'number');
        expect(numbers).toEqual(numbers.map((_n, index) => index));
        expect(numbers.length).toBeLessThanOrEqual(Math.min(sent, begunBefore));
        expect(log.filter((each) => each === 'gone')).toHaveLength(1);
        expect(log.at(-1)).toBe('gone');
        const takesOrEnds: readonly string[] = [
          ...TAKES,
          'go',
          'close it',
          'leave',
          'drain',
          'wait',
          'reset',
        ];
        if (!steps.some((step) => takesOrEnds.includes(step))) expect(numbers).toHaveLength(sent);
        expect([node.registry.size, node.registry.subjects, node.subjects.size]).toEqual([0, 0, 0]);
        expect([node.memberships.size, node.wheel.size, node.wallWheel.size]).toEqual([0, 0, 0]);
        expect([end.beside, end.streams, end.accepted]).toEqual([0, 0, 0]);
        await testbed.close();
      }),
      propertyRuns(40),
    );
  }, 120_000);
});

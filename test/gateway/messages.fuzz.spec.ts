import { Catch, UseFilters } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import fc from 'fast-check';
import {
  CurrentMessage,
  CurrentRoom,
  type MessageContext,
  parseRoomId,
  type Room,
  RoomGateway,
  Unordered,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { from, type Observable } from 'rxjs';
import { inProduction } from '../support/env.js';
import { expectNoCanary } from '../support/canary.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { heapBytes } from '../support/heap-bytes.js';
import { type HostileFrame, hostileFrame, ROOM } from '../support/hostile-frames.js';
import { eventually } from '../support/poll.js';
import { propertyRuns } from '../support/property-runs.js';
import { type Order, order } from '../support/schemas.js';

/** Of which the frames do not know: who leaves its last room is closed. */
const SHELTER = 'b4e2d3c5-6f70-4b8c-9d0e-1f2a3b4c5d6e';
const FRAMES_PER_RUN = 25;
const { numRuns } = propertyRuns(40);
/** Long enough that what every message left behind would be more than noise. */
const isLong = numRuns >= 1_000;
const MIB = 1_048_576;

@Catch()
class SilentFilter {
  catch(): void {}
}

/** Everything that handlers do with data that they do not look at. */
@RoomGateway('/:room')
class CarelessGateway {
  @SubscribeMessage('say')
  async say(@CurrentRoom() room: Room, @MessageBody() data: unknown): Promise<void> {
    await room.broadcast('said', data);
  }

  @SubscribeMessage('mirror')
  mirror(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('checked')
  checked(@MessageBody({ schema: order }) data: Order): Order {
    return data;
  }

  @SubscribeMessage('fail')
  fail(@MessageBody() data: unknown): never {
    throw Object.assign(new Error(`Cannot ${JSON.stringify(data)}`), { data });
  }

  @SubscribeMessage('stream')
  stream(@MessageBody() data: unknown): Observable<unknown> {
    return from([{ event: 'part', data }, data, { event: 'part' }]);
  }

  @Unordered()
  @SubscribeMessage('beside')
  async beside(
    @CurrentMessage() { traceparent }: MessageContext,
    @MessageBody('text') text: unknown,
  ): Promise<unknown> {
    await new Promise((resolve) => setImmediate(resolve));
    return { event: 'beside', data: [text, traceparent] };
  }

  @UseFilters(SilentFilter)
  @SubscribeMessage('filtered')
  filtered(@MessageBody() data: unknown): unknown {
    if (typeof data === 'string') throw new Error(data);
    return data;
  }
}

/** The id that the one reply has to carry, as PROTOCOL.md says it; undefined when there is to be none with an id. */
function idToAnswer(frame: HostileFrame): string | number | undefined {
  if (typeof frame !== 'string') return undefined;
  let message: unknown;
  try {
    message = JSON.parse(frame);
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return undefined;
  const { event, data, id, room } = message as Record<string, unknown>;
  if (typeof event !== 'string' || event.length < 1 || event.length > 128) return undefined;
  if (room !== undefined && !parseRoomId(room)) return undefined;
  if (depthOf(data) > 128) return undefined;
  if (typeof id === 'string') return id.length <= 64 ? id : undefined;
  if (typeof id !== 'number') return undefined;
  // Answered in the same digits, or not at all.
  const digits = String(id).replaceAll(/[.+]/g, '\\$&');
  return new RegExp(`"id"\\s*:\\s*${digits}\\s*[,}]`).test(frame) ? id : undefined;
}

function depthOf(value: unknown): number {
  let depth = 0;
  for (let level = [value]; ; depth++) {
    level = level.filter((it) => typeof it === 'object' && it !== null);
    if (level.length === 0) return depth;
    level = level.flatMap((it) => Object.values(it as object) as unknown[]);
  }
}

const sorted = (ids: readonly unknown[]): string[] => ids.map((id) => JSON.stringify(id)).sort();

describe('Whatever a member sends', () => {
  const logger = new CapturedLogger();
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  const shape = Object.getOwnPropertyNames(Object.prototype).join();
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
    testbed = await inProduction(() =>
      createRoomgateTestbed({
        providers: [CarelessGateway],
        configure: (app) => app.useLogger(logger),
        roomgate: { maxStrikes: 1_000_000 },
      }),
    );
  });
  afterAll(async () => {
    await testbed.close();
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
  });

  async function send(frames: readonly HostileFrame[], isMuted: boolean): Promise<TestConnection> {
    const alice = await testbed.connectAs({ rooms: [ROOM, SHELTER], ttlMs: 60_000 });
    await alice.request('room.join', { room: SHELTER });
    if (isMuted) await testbed.advance(66_000);
    for (const frame of frames) alice.socket.send(frame);
    const wanted = frames.map(idToAnswer).filter((id) => id !== undefined);
    const answered = (): unknown[] =>
      alice.waiting.flatMap(({ id }) => (id === undefined ? [] : [id]));
    await eventually(() => answered().length >= wanted.length, 'the replies').catch(() => {});
    await testbed.settle();
    expect(sorted(answered())).toEqual(sorted(wanted));
    return alice;
  }

  it.each([
    ['live', false, ['still here', 'not_a_member']],
    ['muted', true, ['token_expired']],
  ])(
    'is answered once if it is a message with an id, and leaves no trace: %s',
    async (_, isMuted, answers) => {
      const quarters: number[] = [];
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(hostileFrame, {
            minLength: 1,
            maxLength: 2 * FRAMES_PER_RUN,
            size: 'max',
          }),
          async (frames) => {
            logger.text = '';
            const alice = await send(frames, isMuted);
            const { data: last } = await alice.request('mirror', { code: 'still here' });
            expect(answers).toContain((last as { code: unknown }).code);
            const told = alice.waiting.flatMap(({ event, data }) =>
              event === 'exception' ? [data as unknown] : [],
            );
            expectNoCanary(JSON.stringify(told) + logger.text);
            expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(shape);
            await alice.close();
            expect(uncaught).toEqual([]);
            if (isLong && ++runs % Math.ceil(numRuns / 4) === 0) quarters.push(heapBytes());
          },
        ),
        { numRuns },
      );
      if (isLong) expect(quarters.at(-1)).toBeLessThan((quarters[0] as number) * 1.2 + 8 * MIB);
    },
    3_600_000,
  );
});

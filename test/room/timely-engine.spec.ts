import { FakeClock } from 'nestjs-roomgate/testing';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import type { RoomEngine } from '../../src/room/engine/engine.js';
import { TimelyEngine } from '../../src/room/timely-engine.js';
import { A, type EngineUnderTest } from '../../src/toolkit/engine-suite/engine-probe.js';
import { Deferred } from '../support/deferred.js';
import { createKeptTestbed, ask, enter } from '../support/kept-rooms.js';
import { OTHER_ROOM, ROOM } from '../support/live-room.js';
import { typeOf } from '../support/recording-engine.js';
import { DelayedEngine } from '../../src/toolkit/testing/delayed.engine.js';
import { describeRoomEngine } from 'nestjs-roomgate/engine';
import { RoomService } from 'nestjs-roomgate';

const DEADLINE_MS = 5_000;
const BURST_MS = 30_000;
/** The wheel looks four times a second. */
const TICK_MS = 250;

const ENTRY = { connectionId: 'c', identity: 'i', memberId: 'm' };
const CALLS: readonly (readonly [string, number, (engine: RoomEngine) => unknown])[] = [
  ['publish', BURST_MS, (engine) => engine.publish(A, '1', {})],
  ['subscribe', DEADLINE_MS, (engine) => engine.subscribe(A)],
  ['unsubscribe', DEADLINE_MS, (engine) => engine.unsubscribe(A)],
  ['read', DEADLINE_MS, (engine) => engine.read(A, { limit: 1, maxBytes: 1 })],
  ['tell', DEADLINE_MS, (engine) => engine.tell(A, 'order')],
  ['enter', DEADLINE_MS, (engine) => engine.enter(A, ENTRY, 1)],
  ['exit', DEADLINE_MS, (engine) => engine.exit(A, 'c')],
  ['renew', DEADLINE_MS, (engine) => engine.renew(A, [ENTRY], 1)],
  ['present', DEADLINE_MS, (engine) => engine.present(A, 1)],
  ['stop', DEADLINE_MS, (engine) => engine.stop()],
];

/** An engine of an application: every call but `start` ends as the test says, or never. */
function engineThat(answer: () => Promise<never>): RoomEngine {
  const engine: object = new MemoryEngine();
  for (const [call] of CALLS) Object.assign(engine, { [call]: answer });
  return engine as RoomEngine;
}
const hanging = (): RoomEngine => engineThat(() => new Promise(() => undefined));

describe('TimelyEngine', () => {
  describeRoomEngine((): EngineUnderTest => {
    const clock = new FakeClock();
    const engine = new TimelyEngine(new MemoryEngine(() => clock.now()), clock, DEADLINE_MS);
    return { engine, settle: () => Promise.resolve(), advance: (ms) => clock.advance(ms) };
  });

  it.each(CALLS)(
    'rejects "%s" when the engine does not answer within %d ms',
    async (call, withinMs, act) => {
      const clock = new FakeClock();
      const answer = Promise.resolve(act(new TimelyEngine(hanging(), clock, DEADLINE_MS)));
      let isSettled = false;
      const settled = answer.finally(() => (isSettled = true));
      const expected = expect(settled).rejects.toMatchObject({
        code: 'engine_unavailable',
        message: expect.stringContaining(
          `did not answer "${call}" within ${withinMs} ms`,
        ) as string,
      });
      clock.advance(withinMs - 1);
      await Promise.resolve();
      expect(isSettled).toBe(false);
      clock.advance(TICK_MS);
      await expected;
    },
  );

  it.each(CALLS)('lets an error of "%s" pass as it is', async (_, __, act) => {
    const error = new Error('canary');
    const engine = new TimelyEngine(
      engineThat(() => Promise.reject(error)),
      new FakeClock(),
      DEADLINE_MS,
    );
    await expect(act(engine)).rejects.toBe(error);
  });

  it('ignores an answer, or an error, that comes too late', async () => {
    const clock = new FakeClock();
    const late = new Deferred<never>();
    const engine = new TimelyEngine(
      engineThat(() => late.promise),
      clock,
      DEADLINE_MS,
    );
    const expected = expect(engine.present(A, 1)).rejects.toMatchObject({
      code: 'engine_unavailable',
    });
    clock.advance(DEADLINE_MS + TICK_MS);
    await expected;
    late.reject(new Error('canary'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('answers at once what the engine answers at once', () => {
    const engine = new TimelyEngine(new MemoryEngine(), new FakeClock(), DEADLINE_MS);
    expect(engine.present(A, 1)).toEqual({ members: [], total: 0 });
  });
});

/** Answers reads and lists of members not at all. */
class SilentEngine extends DelayedEngine {
  isSilent = false;
  override present(...args: Parameters<DelayedEngine['present']>) {
    return this.isSilent ? new Promise<never>(() => undefined) : super.present(...args);
  }
  override read(...args: Parameters<DelayedEngine['read']>) {
    return this.isSilent ? new Promise<never>(() => undefined) : super.read(...args);
  }
}

describe('An app whose engine hangs', () => {
  it.each(['room.presence', 'room.history'])(
    'answers %s, and what the server asks, after the deadline',
    async (event) => {
      const engine = new SilentEngine(1);
      const testbed = await createKeptTestbed({ engine: typeOf(engine) });
      const alice = await enter(testbed, 'alice');
      engine.isSilent = true;
      const asked = ask(alice, event);
      const rooms = testbed.get(RoomService).room(ROOM, 'kept');
      const calls = [rooms.presence(), rooms.history()];
      const settled = Promise.allSettled(calls);
      await testbed.settle();
      await testbed.advance(DEADLINE_MS + TICK_MS);
      expect(await asked).toBe('engine_unavailable');
      for (const result of await settled)
        expect(result).toMatchObject({
          status: 'rejected',
          reason: { code: 'engine_unavailable' },
        });
      engine.isSilent = false;
      expect(await ask(alice, 'room.join', { room: OTHER_ROOM })).toMatchObject({
        room: OTHER_ROOM,
      });
      await testbed.close();
    },
  );
});

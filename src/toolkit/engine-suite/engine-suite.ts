import type { MaybePromise, Position } from '../../room/engine/engine.js';
import { A, B, EngineProbe, type EngineUnderTest, type TestRunner } from './engine-probe.js';
import { testHistory } from './history.js';
import { testLives } from './lives.js';
import { testPresence } from './presence.js';

/**
 * Tests every promise of `RoomEngine`. Call it in a spec of your engine. `create` is called before each test and
 * returns an engine that shares no rooms with the one before. `runner` holds the functions of the test framework.
 * Default: the global ones of jest, or of vitest with `globals: true`.
 *
 * @example
 * describe('MyEngine', () => {
 *   describeRoomEngine(() => ({
 *     engine: new MyEngine(),
 *     settle: () => setTimeout(50),
 *     advance: (ms) => setTimeout(ms),
 *   }));
 * });
 */
export function describeRoomEngine(
  create: () => EngineUnderTest,
  runner: TestRunner = globalThis as unknown as TestRunner,
): void {
  runner.describe('as a RoomEngine', () => {
    const probe = new EngineProbe(create, runner);
    testDelivery(probe, runner);
    testHistory(probe, runner);
    testLives(probe, runner);
    testPresence(probe, runner);
  });
}

function testDelivery(probe: EngineProbe, { it, expect }: TestRunner): void {
  it('delivers what is published, as it was published, to a key that is subscribed', async () => {
    await probe.engine.subscribe(A);
    const position = await probe.engine.publish(A, '"body"', {
      publicationId: 'p',
      except: 'somebody',
    });
    await probe.settle();
    expect(probe.delivered).toEqual([
      [
        A,
        {
          publicationId: 'p',
          offset: position.offset,
          body: '"body"',
          except: 'somebody',
          publishedAt: expect.any(Number),
        },
      ],
    ]);
  });

  it('gives offsets in the order of the calls, each greater by one than the last, beginning behind the subscription', async () => {
    const { offset, epoch } = await probe.engine.subscribe(A);
    const calls = Array.from({ length: 20 }, (_, index) => probe.publish(A, String(index)));
    const positions = await Promise.all(calls);
    await probe.settle();
    const expected = calls.map((_, index) => offset + 1 + index);
    expect(positions).toEqual(expected.map((each) => ({ offset: each, epoch })));
    expect(probe.offsets(A)).toEqual(expected);
    expect(probe.bodies(A)).toEqual(calls.map((_, index) => String(index)));
  });

  it('keeps keys apart', async () => {
    await probe.engine.subscribe(A);
    await probe.engine.subscribe(B);
    await Promise.all([probe.publish(A, 'a1'), probe.publish(B, 'b1'), probe.publish(A, 'a2')]);
    await probe.settle();
    expect([probe.bodies(A), probe.bodies(B)]).toEqual([['a1', 'a2'], ['b1']]);
    expect(probe.offsets(A)[1]).toBe((probe.offsets(A)[0] as number) + 1);
  });

  it('never delivers inside a delivery for the same key: what is published there comes after it', async () => {
    await probe.engine.subscribe(A);
    let depth = 0;
    const nested: Promise<Position>[] = [];
    probe.onDelivery = (_, { body }) => {
      depth += 1;
      expect(depth).toBe(1);
      if (body.length < 4)
        for (const end of ['x', 'y']) nested.push(probe.publish(A, String(body) + end));
      depth -= 1;
    };
    await probe.publish(A, '1');
    await probe.settle();
    await Promise.all(nested);
    expect(probe.delivered.length).toBe(15);
    expect(probe.offsets(A)).toEqual(
      probe.offsets(A).map((_, index) => (probe.offsets(A)[0] as number) + index),
    );
    expect(probe.bodies(A).slice(0, 3)).toEqual(['1', '1x', '1y']);
  });

  it('takes the same publication id within a minute for the same publication', async () => {
    await probe.engine.subscribe(A);
    await probe.engine.subscribe(B);
    const first = await probe.publish(A, '1', { publicationId: 'same' });
    await probe.publish(A, '2');
    expect(await probe.publish(A, 'again', { publicationId: 'same' })).toEqual(first);
    await probe.publish(B, 'elsewhere', { publicationId: 'same' });
    await probe.settle();
    expect([probe.bodies(A), probe.bodies(B)]).toEqual([['1', '2'], ['elsewhere']]);
  });

  it('takes publications without an id for as many as there are', async () => {
    await probe.engine.subscribe(A);
    const anonymous = { publicationId: undefined };
    for (const body of ['1', '1', '2']) await probe.publish(A, body, anonymous);
    await probe.settle();
    expect(probe.bodies(A)).toEqual(['1', '1', '2']);
    expect(new Set(probe.offsets(A)).size).toBe(3);
  });

  it('delivers nothing from the call of unsubscribe on, although it was published before', async () => {
    await probe.engine.subscribe(A);
    const calls = [probe.publish(A, '1'), probe.publish(A, '2')];
    const before = probe.delivered.length;
    const done = probe.engine.unsubscribe(A);
    const late = probe.publish(A, '3');
    await Promise.all([...calls, done, late]);
    await probe.settle();
    expect(probe.delivered.length).toBe(before);
  });

  it('delivers nothing of before to a key that is subscribed again at once', async () => {
    await probe.engine.subscribe(A);
    const early = [probe.publish(A, '1'), probe.publish(A, '2')];
    const before = probe.delivered.length;
    const done = probe.engine.unsubscribe(A);
    const { offset, epoch } = await probe.engine.subscribe(A);
    const position = await probe.publish(A, 'new');
    await Promise.all([...early, done]);
    await probe.settle();
    expect(probe.bodies(A).slice(before)).toEqual(['new']);
    expect(position).toEqual({ offset: offset + 1, epoch });
  });

  it('lets a delivery unsubscribe its key, and subscribe it again', async () => {
    await probe.engine.subscribe(A);
    const done: MaybePromise<unknown>[] = [];
    probe.onDelivery = () => {
      probe.onDelivery = (): void => undefined;
      done.push(probe.publish(A, 'nested'), probe.engine.unsubscribe(A), probe.engine.subscribe(A));
    };
    await probe.publish(A, '1');
    await probe.settle();
    await Promise.all(done);
    await probe.publish(A, 'new');
    await probe.settle();
    expect(probe.bodies(A)).toEqual(['1', 'new']);
  });

  it('accepts a publication that nobody is subscribed to', async () => {
    const position = await probe.publish(A, '1');
    expect(position).toEqual({
      offset: expect.any(Number),
      epoch: expect.any(String),
    });
    await probe.settle();
    expect(probe.delivered).toEqual([]);
    await probe.engine.subscribe(A);
    await probe.settle();
    expect(probe.delivered).toEqual([]);
  });

  it('may be unsubscribed from what was never subscribed, and subscribed twice', async () => {
    await probe.engine.unsubscribe(A);
    await probe.engine.subscribe(A);
    await probe.engine.subscribe(A);
    await probe.publish(A, '1');
    await probe.settle();
    expect(probe.bodies(A)).toEqual(['1']);
  });
}

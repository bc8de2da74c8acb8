import { FakeClock } from 'nestjs-roomgate/testing';
import type { RoomKey } from '../../src/admission/room-id.js';
import type { Position, PublishOptions, RoomEngine } from '../../src/room/engine/engine.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import {
  type LocalOrders,
  Orders,
  ORDERS_HISTORY,
  ORDERS_KEY,
  OrderSender,
} from '../../src/room/orders.js';
import { Deferred } from '../support/deferred.js';
import { ROOM } from '../support/live-room.js';

const KEY = `orders/${ROOM}` as RoomKey;
const DEADLINE_MS = 5_000;

/** How far something has got. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  return Promise.race([promise, new Promise((resolve) => setImmediate(resolve, 'waiting'))]);
}

describe('Orders', () => {
  let clock: FakeClock;
  let happened: unknown[];
  let accepted: Deferred<Position>;
  let asked: Deferred<{ kept: number; left: number }>;
  let publish: () => Promise<Position> | Position;
  let orders: Orders;

  beforeEach(() => {
    clock = new FakeClock();
    happened = [];
    accepted = new Deferred();
    asked = new Deferred();
    publish = () => accepted.promise;
    const engine = {
      publish: (key: string, body: string, { publicationId, history }: PublishOptions) => {
        const { kind, ...rest } = JSON.parse(body) as Record<string, unknown>;
        happened.push(`tell ${String(kind)}`, { key, rest, publicationId, history });
        return publish();
      },
    } as unknown as RoomEngine;
    const local = {
      close: () => happened.push('close') && 3,
      disconnect: () => happened.push('disconnect') && 2,
      reauthorize: () => {
        happened.push('reauthorize');
        return asked.promise;
      },
    } as unknown as LocalOrders;
    orders = new Orders(local, new OrderSender({ engine, clock, deadlineMs: DEADLINE_MS }));
  });

  const steps = (): unknown[] => happened.filter((step) => typeof step === 'string');

  it('do what they can here in the turn of the call, then tell the others', () => {
    void orders.close(KEY);
    void orders.disconnect({ identity: 'i' });
    void orders.reauthorize({});
    expect(steps()).toEqual([
      'close',
      'tell close',
      'disconnect',
      'tell disconnect',
      'reauthorize',
      'tell reauthorize',
    ]);
  });

  it('resolve with what was done here when the engine has accepted them', async () => {
    const done = orders.close(KEY);
    expect(await stateOf(done)).toBe('waiting');
    accepted.resolve({ offset: 1, epoch: 'e' });
    expect(await done).toBe(3);
    expect(await orders.disconnect({ connectionId: 'c' })).toBe(2);
    const reauthorized = orders.reauthorize({ key: KEY });
    expect(await stateOf(reauthorized)).toBe('waiting');
    asked.resolve({ kept: 1, left: 0 });
    expect(await reauthorized).toEqual({ kept: 1, left: 0 });
  });

  it('are not kept where no other node can be', async () => {
    const engine = new MemoryEngine();
    engine.subscribe(ORDERS_KEY, ORDERS_HISTORY);
    const sender = new OrderSender({ engine, clock: new FakeClock(), deadlineMs: DEADLINE_MS });
    await sender.send(sender.encode({ kind: 'close', key: KEY }));
    const { publications } = engine.read(ORDERS_KEY, { limit: 1, maxBytes: 1_000 });
    expect(publications).toEqual([]);
  });

  it('are kept, and named so that an engine may try again', async () => {
    for (let n = 0; n < 2; n++) void orders.close(KEY);
    const [first, second] = happened.filter((step) => typeof step === 'object') as {
      publicationId: string;
    }[];
    expect(first).toEqual({
      key: '~orders',
      rest: { version: 1, from: expect.any(String) as string, key: KEY },
      publicationId: expect.any(String) as string,
      history: ORDERS_HISTORY,
    });
    expect(ORDERS_HISTORY).toEqual({ size: 1_000, ttlMs: 300_000, maxBytes: 1_048_576 });
    expect(first?.publicationId).not.toBe(second?.publicationId);
  });

  it.each<[string, () => Promise<Position>]>([
    ['throws', () => fail()],
    ['rejects', () => Promise.reject(new TypeError('canary'))],
    ['never answers', () => new Promise(() => undefined)],
  ])('reject when the engine %s, and what was done here stays done', async (_what, broken) => {
    publish = broken;
    for (const give of [
      () => orders.close(KEY),
      () => orders.disconnect({ key: KEY }),
      () => orders.reauthorize({ identity: 'i' }),
    ]) {
      const expected = expect(give()).rejects.toMatchObject({ code: 'engine_unavailable' });
      asked.resolve({ kept: 0, left: 0 });
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(DEADLINE_MS);
      await expected;
    }
    expect(steps().filter((step) => !String(step).startsWith('tell'))).toHaveLength(3);
  });

  it('that others would not understand are not carried out here either', async () => {
    const broken = { key: KEY, identity: undefined as unknown as string };
    await expect(orders.disconnect(broken)).rejects.toMatchObject({ code: 'invalid_data' });
    expect(happened).toEqual([]);
  });
});

function fail(): never {
  throw new TypeError('canary');
}

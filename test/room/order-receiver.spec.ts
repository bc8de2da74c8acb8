import { FakeClock } from 'nestjs-roomgate/testing';
import type { RoomKey } from '../../src/admission/room-id.js';
import { MemoryEngine } from '../../src/room/engine/memory/memory.engine.js';
import type { HistoryPage, Position, ReadRange } from '../../src/room/engine/engine.js';
import {
  type LocalOrders,
  ORDERS_HISTORY,
  ORDERS_KEY,
  OrderSender,
} from '../../src/room/orders.js';
import { OrderReceiver } from '../../src/room/order-receiver.js';
import { TimelyEngine } from '../../src/room/timely-engine.js';
import { Deferred } from '../support/deferred.js';
import { ROOM } from '../support/live-room.js';

const DEADLINE_MS = 5_000;
const key = (name: string): RoomKey => `${name}/${ROOM}` as RoomKey;

/** Subscribing and reading wait, fail or hang as the test says. */
class UneasyEngine extends MemoryEngine {
  subscribing: ((position: Position) => Promise<Position>) | undefined;
  reading: ((page: HistoryPage) => Promise<HistoryPage> | HistoryPage) | undefined;
  reads: ReadRange[] = [];
  /** Publications are accepted, and the publisher does not hear of it. */
  losesAnswers = false;
  telling: (key: string, text: string) => void = () => undefined;

  override get isAlone(): boolean {
    return false;
  }

  override subscribe(...args: Parameters<MemoryEngine['subscribe']>): Position {
    const position = super.subscribe(...args);
    return (this.subscribing?.(position) as unknown as Position) ?? position;
  }

  override publish(...args: Parameters<MemoryEngine['publish']>): Position {
    const position = super.publish(...args);
    if (this.losesAnswers) throw new Error('canary');
    return position;
  }

  override tell(key: string, text: string): Promise<void> {
    this.telling(key, text);
    return Promise.resolve();
  }

  override read(of: string, range: ReadRange): HistoryPage {
    this.reads.push(range);
    const page = super.read(of, range);
    return (this.reading?.(page) as unknown as HistoryPage) ?? page;
  }
}

describe('OrderReceiver', () => {
  let clock: FakeClock;
  let engine: UneasyEngine;
  let receiver: OrderReceiver;
  let other: OrderSender;
  let own: OrderSender;
  let done: string[];
  let warnings: string[];
  let unknown: number;
  let isCut: boolean;
  let onClose: (name: string) => void;

  beforeEach(() => {
    clock = new FakeClock();
    engine = new UneasyEngine(() => clock.now());
    [done, warnings, unknown, isCut] = [[], [], 0, false];
    onClose = () => undefined;
    const local = {
      close: (closed: string) => {
        done.push(`close ${closed.split('/')[0]}`);
        onClose(closed);
      },
      disconnect: (target: object) => done.push(`disconnect ${Object.values(target).at(-1)}`),
      reauthorize: async (target: object) => {
        done.push(`reauthorize ${Object.values(target).at(-1) ?? 'all'}`);
      },
    } as unknown as LocalOrders;
    const timely = new TimelyEngine(engine, clock, DEADLINE_MS);
    const ports = { engine: timely, clock, deadlineMs: DEADLINE_MS };
    own = new OrderSender(ports);
    other = new OrderSender(ports);
    receiver = new OrderReceiver({
      ...ports,
      local,
      own: own.from,
      warn: (line, error) => warnings.push(`${line}: ${(error as Error).name}`),
      onUnknown: () => (unknown += 1),
    });
    engine.start({
      deliver: (_, publication) => (isCut ? undefined : receiver.deliver(publication)),
      interrupted: (_, position) => receiver.interrupted(position),
      presence: () => undefined,
    });
  });

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const close = (name: string, by = other): Promise<void> =>
    by.send(by.encode({ kind: 'close', key: key(name) }), key(name));
  const forge = (body: string): Position =>
    engine.publish(ORDERS_KEY, body, { publicationId: body, history: ORDERS_HISTORY });
  /** Where the orders have got to. */
  const position = (): Position =>
    MemoryEngine.prototype.read.call(engine, ORDERS_KEY, { limit: 1, maxBytes: 1 }).position;
  const heal = (at = position()): void => {
    isCut = false;
    receiver.interrupted(at);
  };
  const ALL = 'reauthorize all';

  it('obeys what others order, in the turn of the delivery and in order, and skips what is its own', async () => {
    await receiver.start();
    void close('a');
    void close('mine', own);
    void other.send(other.encode({ kind: 'disconnect', connectionId: 'c' }));
    void other.send(other.encode({ kind: 'reauthorize', identity: 'i' }));
    void close('b');
    expect(done).toEqual(['close a', 'disconnect c', 'reauthorize i', 'close b']);
    expect(warnings).toEqual([]);
  });

  describe('when an order comes with its room as well', () => {
    let told: (readonly [key: string, text: string])[];
    beforeEach(async () => {
      told = [];
      engine.losesAnswers = true;
      engine.telling = (...one) => told.push(one);
      await receiver.start();
    });
    const tellAll = (): void => told.forEach((one) => receiver.told(...one));

    it('obeys it once, when the orders bring it first', async () => {
      await close('a');
      tellAll();
      tellAll();
      expect([done, told.length]).toEqual([['close a'], 1]);
    });

    it('obeys it once, when the room brings it first', async () => {
      isCut = true;
      await close('a');
      tellAll();
      expect(done).toEqual(['close a']);
      heal();
      await settle();
      await close('b');
      expect(done).toEqual(['close a', 'close b']);
      expect(warnings).toEqual([]);
    });

    it('obeys the same order twice when it was given twice', async () => {
      await close('a');
      await close('a');
      tellAll();
      expect(done).toEqual(['close a', 'close a']);
    });

    it('obeys another order that has taken its id', async () => {
      await close('a');
      const [[, text] = ['', '']] = told;
      receiver.told(key('b'), text.replaceAll('a/', 'b/'));
      expect(done).toEqual(['close a', 'close b']);
    });

    it('obeys nothing that is about another room, and nothing of its own', async () => {
      isCut = true;
      await close('a');
      await close('mine', own);
      for (const [, text] of told) receiver.told(key('mine'), text);
      expect(done).toEqual([]);
    });

    it('asks for all rights anew when it is told what it does not know', () => {
      receiver.told(key('a'), 'grant');
      expect([done, unknown]).toEqual([[ALL], 1]);
    });

    it('forgets the oldest orders beyond a number', async () => {
      await close('a');
      const [[room, text] = ['', '']] = told;
      for (let n = 0; n < 999; n++) await close(`b${n}`);
      receiver.told(room, text);
      expect(done).toHaveLength(1_000);
      await close('c');
      receiver.told(room, text);
      expect(done).toHaveLength(1_002);
    });
  });

  it('does not obey what was ordered before it started, and obeys what comes while it starts', async () => {
    await close('before');
    const subscribed = new Deferred();
    engine.subscribing = (at) => subscribed.promise.then(() => at);
    const started = receiver.start();
    await close('meanwhile');
    expect(done).toEqual([]);
    subscribed.resolve();
    await started;
    expect(done).toEqual(['close meanwhile']);
  });

  it.each<[string, () => Promise<Position>]>([
    ['refuses', () => Promise.reject(new Error('canary'))],
    ['never answers', () => new Promise(() => undefined)],
  ])('does not start on an engine that %s', async (_what, subscribing) => {
    engine.subscribing = subscribing;
    const started = receiver.start();
    const expected = expect(started).rejects.toMatchObject({
      code: 'engine_unavailable',
      message: expect.stringMatching(/cannot be reached.*does not start/) as string,
    });
    clock.advance(DEADLINE_MS);
    await expected;
  });

  it.each(['{}', 'grant', JSON.stringify({ version: 2, from: 'x', kind: 'close', key: key('a') })])(
    'asks for all rights anew, and grants nothing, when it is told what it does not know: %s',
    async (body) => {
      await receiver.start();
      forge(body);
      expect([done, unknown]).toEqual([[ALL], 1]);
      expect(warnings).toEqual([expect.stringContaining('was not understood')]);
      expect(warnings.join()).not.toContain(body);
      await close('a');
      expect(done).toEqual([ALL, 'close a']);
    },
  );

  it('tells of what it does not know once in ten seconds', async () => {
    await receiver.start();
    for (let n = 0; n < 100; n++) forge(`canary ${n}`);
    clock.advance(9_999);
    forge('canary');
    expect([warnings.length, done.length, unknown]).toEqual([1, 101, 101]);
    clock.advance(1);
    forge('another');
    expect(warnings).toHaveLength(2);
  });

  it('tells of an order that cannot be obeyed also within ten seconds of an unknown one', async () => {
    await receiver.start();
    forge('canary');
    onClose = () => {
      throw new TypeError('canary');
    };
    await close('bad');
    await settle();
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toMatch(/could not be obeyed.*TypeError/);
  });

  it('goes on, and asks for all rights anew, when one cannot be obeyed', async () => {
    await receiver.start();
    onClose = (name) => {
      if (name.startsWith('bad/')) throw new TypeError('canary');
    };
    await Promise.all([close('bad'), close('good')]);
    await settle();
    expect(done).toEqual(['close bad', ALL, 'close good']);
    expect(warnings).toEqual([expect.stringMatching(/could not be obeyed.*TypeError/)]);
  });

  describe('that was cut off', () => {
    beforeEach(async () => {
      await receiver.start();
      await close('first');
      isCut = true;
      for (const name of ['a', 'b']) await close(name);
      await close('mine', own);
      done.length = 0;
    });

    it('obeys what it missed, once and in order, before what comes meanwhile', async () => {
      const page = new Deferred();
      engine.reading = (read) => page.promise.then(() => read);
      heal();
      await close('c');
      await close('d');
      expect(done).toEqual([]);
      page.resolve();
      await settle();
      expect(done).toEqual(['close a', 'close b', 'close c', 'close d']);
      heal();
      await settle();
      expect(done).toHaveLength(4);
      expect(warnings).toEqual([]);
      expect(engine.reads).toEqual([{ after: 1, limit: 1_000, maxBytes: 1_048_576 }]);
    });

    it('does not obey twice what the page already had when it came as well', async () => {
      let open = (): void => undefined;
      engine.reading = async (read) => {
        await close('c');
        const later = MemoryEngine.prototype.read.call(
          engine,
          ORDERS_KEY,
          engine.reads[0] as never,
        );
        await new Promise<void>((resolve) => (open = resolve));
        expect(later.publications.length).toBe(read.publications.length + 1);
        return later;
      };
      heal();
      await settle();
      open();
      await settle();
      await close('d');
      expect(done).toEqual(['close a', 'close b', 'close c', 'close d']);
      expect(warnings).toEqual([]);
    });

    it('finds out by itself when nobody tells it', async () => {
      isCut = false;
      await close('c');
      await settle();
      expect(done).toEqual(['close a', 'close b', 'close c']);
      expect(warnings).toEqual([]);
    });

    it('catches up again when it is cut off again meanwhile', async () => {
      const page = new Deferred();
      engine.reading = (read) => page.promise.then(() => read);
      heal();
      isCut = true;
      await close('c');
      heal();
      await close('d');
      page.resolve();
      await settle();
      expect(done).toEqual(['close a', 'close b', 'close c', 'close d']);
      expect(warnings).toEqual([]);
    });

    it.each<[string, (page: HistoryPage) => Promise<HistoryPage>]>([
      ['cannot be read', () => Promise.reject(new Error('canary'))],
      ['are not read in time', () => new Promise(() => undefined)],
      ['are dropped', async (page) => ({ ...page, publications: [] })],
    ])('asks for all rights anew when they %s, and goes on', async (_what, reading) => {
      engine.reading = reading;
      heal();
      await close('c');
      await settle();
      clock.advance(DEADLINE_MS);
      await settle();
      expect(done).toEqual([ALL, 'close c']);
      expect(warnings).toEqual([expect.stringContaining('are missing')]);
      expect(unknown).toBe(0);
    });

    it('obeys those that are left, and asks for all rights anew, when the oldest are dropped', async () => {
      engine.reading = (page) => ({ ...page, publications: page.publications.slice(1) });
      heal();
      await settle();
      await close('c');
      expect(done).toEqual(['close b', ALL, 'close c']);
    });

    it('asks for all rights anew when their epoch is another, and obeys what is known of it', async () => {
      const before = position();
      engine.unsubscribe(ORDERS_KEY);
      clock.advance(ORDERS_HISTORY.ttlMs + 1);
      await close('new');
      const now = engine.subscribe(ORDERS_KEY, ORDERS_HISTORY);
      expect(now.epoch).not.toBe(before.epoch);
      heal(now);
      await close('c');
      await settle();
      expect(done).toEqual(['close new', ALL, 'close c']);
    });

    it('believes no page of another life than the one that it is told of', async () => {
      heal({ epoch: 'another', offset: 7 });
      await settle();
      expect(done).toEqual([ALL]);
      expect(engine.reads).toEqual([expect.objectContaining({ after: 0 })]);
    });
  });
});

import type { EngineKey, MaybePromise, RoomEngine } from '../../../src/room/engine/engine.js';
import type { Position, Publication } from '../../../src/room/engine/publication.js';

/** An engine that is being tested, and how to let all that is on its way arrive. */
export interface EngineUnderTest {
  readonly engine: RoomEngine;
  readonly settle: () => Promise<void>;
}

type Delivered = readonly [key: EngineKey, publication: Publication];

const A = 'orders/a';
const B = 'orders/b';

/** The promises of `RoomEngine`; every engine has to pass. */
export function testEngineContract(create: () => EngineUnderTest): void {
  let engine: RoomEngine;
  let settle: () => Promise<void>;
  let delivered: Delivered[];
  let onDelivery: (key: EngineKey, publication: Publication) => void;
  let lastId = 0;

  beforeEach(async () => {
    ({ engine, settle } = create());
    delivered = [];
    onDelivery = (): void => undefined;
    await engine.start({
      deliver: (key, publication) => {
        delivered.push([key, publication]);
        onDelivery(key, publication);
      },
      interrupted: () => undefined,
    });
  });
  afterEach(async () => {
    await settle();
    await engine.stop();
  });

  const publish = async (key: EngineKey, body: string, id = `p${++lastId}`): Promise<Position> =>
    engine.publish(key, body, { publicationId: id });
  const bodies = (key: EngineKey): string[] =>
    delivered.filter(([of]) => of === key).map(([, { body }]) => body);
  const offsets = (key: EngineKey): number[] =>
    delivered.filter(([of]) => of === key).map(([, { offset }]) => offset);

  it('delivers what is published, as it was published, to a key that is subscribed', async () => {
    await engine.subscribe(A);
    const position = await engine.publish(A, '"body"', { publicationId: 'p', except: 'somebody' });
    await settle();
    expect(delivered).toEqual([
      [A, { publicationId: 'p', offset: position.offset, body: '"body"', except: 'somebody' }],
    ]);
  });

  it('gives offsets in the order of the calls, each greater by one than the last, beginning behind the subscription', async () => {
    const { offset, epoch } = await engine.subscribe(A);
    const calls = Array.from({ length: 20 }, (_, index) => publish(A, String(index)));
    const positions = await Promise.all(calls);
    await settle();
    const expected = calls.map((_, index) => offset + 1 + index);
    expect(positions).toEqual(expected.map((each) => ({ offset: each, epoch })));
    expect(offsets(A)).toEqual(expected);
    expect(bodies(A)).toEqual(calls.map((_, index) => String(index)));
  });

  it('keeps keys apart', async () => {
    await engine.subscribe(A);
    await engine.subscribe(B);
    await Promise.all([publish(A, 'a1'), publish(B, 'b1'), publish(A, 'a2')]);
    await settle();
    expect([bodies(A), bodies(B)]).toEqual([['a1', 'a2'], ['b1']]);
    expect(offsets(A)[1]).toBe((offsets(A)[0] as number) + 1);
  });

  it('never delivers inside a delivery for the same key: what is published there comes after it', async () => {
    await engine.subscribe(A);
    let depth = 0;
    const nested: Promise<Position>[] = [];
    onDelivery = (_, { body }) => {
      depth += 1;
      expect(depth).toBe(1);
      if (body.length < 4) nested.push(publish(A, `${body}x`), publish(A, `${body}y`));
      depth -= 1;
    };
    await publish(A, '1');
    await settle();
    await Promise.all(nested);
    expect(delivered.length).toBe(15);
    expect(offsets(A)).toEqual(offsets(A).map((_, index) => (offsets(A)[0] as number) + index));
    expect(bodies(A).slice(0, 3)).toEqual(['1', '1x', '1y']);
  });

  it('takes the same publication id within a minute for the same publication', async () => {
    await engine.subscribe(A);
    await engine.subscribe(B);
    const first = await publish(A, '1', 'same');
    await publish(A, '2');
    expect(await publish(A, 'again', 'same')).toEqual(first);
    await publish(B, 'elsewhere', 'same');
    await settle();
    expect([bodies(A), bodies(B)]).toEqual([['1', '2'], ['elsewhere']]);
  });

  it('delivers nothing from the call of unsubscribe on, although it was published before', async () => {
    await engine.subscribe(A);
    const calls = [publish(A, '1'), publish(A, '2')];
    const before = delivered.length;
    const done = engine.unsubscribe(A);
    const late = publish(A, '3');
    await Promise.all([...calls, done, late]);
    await settle();
    expect(delivered).toHaveLength(before);
  });

  it('delivers nothing of before to a key that is subscribed again at once', async () => {
    await engine.subscribe(A);
    const early = [publish(A, '1'), publish(A, '2')];
    const before = delivered.length;
    const done = engine.unsubscribe(A);
    const { offset, epoch } = await engine.subscribe(A);
    const position = await publish(A, 'new');
    await Promise.all([...early, done]);
    await settle();
    expect(bodies(A).slice(before)).toEqual(['new']);
    expect(position).toEqual({ offset: offset + 1, epoch });
  });

  it('lets a delivery unsubscribe its key, and subscribe it again', async () => {
    await engine.subscribe(A);
    const done: MaybePromise<unknown>[] = [];
    onDelivery = () => {
      onDelivery = (): void => undefined;
      done.push(publish(A, 'nested'), engine.unsubscribe(A), engine.subscribe(A));
    };
    await publish(A, '1');
    await settle();
    await Promise.all(done);
    await publish(A, 'new');
    await settle();
    expect(bodies(A)).toEqual(['1', 'new']);
  });

  it('accepts a publication that nobody is subscribed to', async () => {
    const position = await publish(A, '1');
    expect(position).toEqual({
      offset: expect.any(Number) as number,
      epoch: expect.any(String) as string,
    });
    await settle();
    expect(delivered).toEqual([]);
    await engine.subscribe(A);
    await settle();
    expect(delivered).toEqual([]);
  });

  it('may be unsubscribed from what was never subscribed, and subscribed twice', async () => {
    await engine.unsubscribe(A);
    await engine.subscribe(A);
    await engine.subscribe(A);
    await publish(A, '1');
    await settle();
    expect(bodies(A)).toEqual(['1']);
  });
}

import type { Position } from '../../room/engine/engine.js';
import { A, B, type EngineProbe, BRIEF, LIMITS, type TestRunner, TTL_MS } from './engine-probe.js';

/** The promises about how long a room lives, and how what is kept goes together with what is delivered. */
export function testLives(probe: EngineProbe, { it, expect }: TestRunner): void {
  it('goes on in the same epoch when it is subscribed again in time, with what was said meanwhile', async () => {
    const limits = { ...BRIEF, ttlMs: TTL_MS * 2 };
    const { epoch } = await probe.engine.subscribe(A, limits);
    await probe.keep(A, '1', limits);
    await probe.settle();
    await probe.engine.unsubscribe(A);
    await probe.advance(TTL_MS * 0.4);
    await probe.keep(A, '2', limits);
    await probe.advance(TTL_MS * 0.4);
    expect(await probe.engine.subscribe(A, limits)).toEqual({ offset: 2, epoch });
    expect(await probe.keep(A, '3', limits)).toEqual({ offset: 3, epoch });
    expect(await probe.readBodies(A)).toEqual(['1', '2', '3']);
    expect(probe.bodies(A)).toEqual(['1', '3']);
  });

  it('counts the time from when it was last in use, not from the last publication', async () => {
    const { epoch } = await probe.engine.subscribe(A, BRIEF);
    await probe.keep(A, '1', BRIEF);
    await probe.advance(TTL_MS * 0.55);
    await probe.engine.unsubscribe(A);
    await probe.advance(TTL_MS * 0.55);
    expect(await probe.read(A)).toEqual({ publications: [], position: { offset: 1, epoch } });
    expect(await probe.engine.subscribe(A, BRIEF)).toEqual({ offset: 1, epoch });
  });

  it('stays in its epoch for as long as it is subscribed, however quiet it is', async () => {
    // It was without a subscriber before, and is not forgotten for that.
    await probe.keep(A, '1', BRIEF);
    const { epoch } = await probe.engine.subscribe(A, BRIEF);
    await probe.advance(TTL_MS * 1.5);
    expect(await probe.read(A)).toEqual({ publications: [], position: { offset: 1, epoch } });
    expect(await probe.keep(A, '2', BRIEF)).toEqual({ offset: 2, epoch });
    await probe.settle();
    expect(probe.offsets(A)).toEqual([2]);
  });

  const uses: readonly (readonly [string, () => Promise<Position>])[] = [
    ['subscribed', async () => probe.engine.subscribe(A, BRIEF)],
    ['published to', () => probe.keep(A, 'new', BRIEF)],
    ['read', async () => (await probe.read(A)).position],
  ];
  for (const [used, use] of uses)
    it(`has forgotten all, and begins another epoch, when it is ${used} too late`, async () => {
      const { epoch } = await probe.engine.subscribe(A, BRIEF);
      for (const body of ['1', '2', '3']) await probe.keep(A, body, BRIEF);
      await probe.engine.unsubscribe(A);
      // Others that are due at the same time, and some that come first, must not keep it alive.
      for (let n = 0; n < 40; n++)
        await probe.keep(`${B}${n}`, 'x', { ...BRIEF, ttlMs: TTL_MS - 1 });
      await probe.advance(TTL_MS * 1.1);
      const position = await use();
      expect(position.epoch).not.toBe(epoch);
      expect(position.offset < 2).toBe(true);
      expect(await probe.readBodies(A)).toEqual(position.offset === 1 ? ['new'] : []);
    });

  it('takes an id of an earlier life for a new publication', async () => {
    const options = { publicationId: 'same', history: BRIEF };
    const { epoch } = await probe.publish(A, '1', options);
    await probe.advance(TTL_MS * 1.1);
    expect((await probe.publish(A, '2', options)).epoch).not.toBe(epoch);
    expect(await probe.readBodies(A)).toEqual(['2']);
  });

  it('can be asked for whatever it delivers, in the delivery itself', async () => {
    const missing: number[] = [];
    const reads: Promise<void>[] = [];
    probe.onDelivery = (_, { offset }) => {
      const look = async (): Promise<void> => {
        const range = { after: offset - 1, limit: 1, maxBytes: 1 };
        const { publications, position } = await probe.engine.read(A, range);
        if (publications[0]?.offset !== offset || position.offset < offset) missing.push(offset);
      };
      reads.push(look());
    };
    await probe.engine.subscribe(A, LIMITS);
    await Promise.all(Array.from({ length: 10 }, (_, n) => probe.keep(A, String(n))));
    await probe.settle();
    await Promise.all(reads);
    expect([reads.length, missing]).toEqual([10, []]);
  });

  it('can be asked for what was accepted, and delivers all that is behind what was read', async () => {
    const { offset } = await probe.engine.subscribe(A, LIMITS);
    const early = await Promise.all(Array.from({ length: 5 }, (_, n) => probe.keep(A, `${n}`)));
    const late = Array.from({ length: 5 }, (_, n) => probe.keep(A, `late ${n}`));
    const page = await probe.engine.read(A, { after: offset, limit: 100, maxBytes: 65_536 });
    await Promise.all(late);
    await probe.settle();
    const read = page.publications.map((publication) => publication.offset);
    expect(read).toEqual(read.map((_, index) => offset + 1 + index));
    expect(read.at(-1)).toBe(page.position.offset);
    expect(page.position.offset >= (early.at(-1)?.offset as number)).toBe(true);
    expect(probe.offsets(A)).toEqual(Array.from({ length: 10 }, (_, n) => offset + 1 + n));
  });

  it('has kept by its subscription what it does not deliver behind it', async () => {
    const calls = Array.from({ length: 4 }, (_, n) => probe.keep(A, `${n}`));
    const subscribed = probe.engine.subscribe(A, LIMITS);
    calls.push(...Array.from({ length: 4 }, (_, n) => probe.keep(A, `later ${n}`)));
    const { offset } = await subscribed;
    await Promise.all(calls);
    await probe.settle();
    const { publications } = await probe.read(A, { after: 0 });
    const kept = publications.map((publication) => publication.offset);
    expect(kept).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const behind = probe.offsets(A).filter((each) => each > offset);
    expect(behind).toEqual(kept.filter((each) => each > offset));
  });
}

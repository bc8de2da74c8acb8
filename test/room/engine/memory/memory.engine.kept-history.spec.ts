import { KeptHistory } from '../../../../src/room/engine/memory/memory.engine.js';
import type { Publication } from '../../../../src/room/engine/engine.js';

const ALL = { limit: 100, maxBytes: 1_000_000 };

const said = (offset: number, body: string | Buffer = '', publishedAt = 0): Publication => ({
  publicationId: `p${offset}`,
  offset,
  body,
  publishedAt,
});

const offsets = (history: KeptHistory, range: object = {}): number[] =>
  history.read({ ...ALL, ...range }).map(({ offset }) => offset);

describe('KeptHistory', () => {
  it('counts the bytes of text and of bytes in the same way, and 128 for each publication', () => {
    const history = new KeptHistory({ size: 10, ttlMs: 1_000, maxBytes: 10_000 });
    expect(history.bytes).toBe(0);
    history.add(said(1, 'é€'));
    expect(history.bytes).toBe(128 + 5);
    history.add(said(2, Buffer.alloc(7)));
    expect(history.bytes).toBe(128 + 5 + 128 + 7);
  });

  it('keeps what its limits allow to the byte', () => {
    const history = new KeptHistory({ size: 2, ttlMs: 1_000, maxBytes: 400 });
    history.add(said(1, 'x'.repeat(72)));
    history.add(said(2, 'x'.repeat(72)));
    expect([offsets(history), history.bytes]).toEqual([[1, 2], 400]);
    history.add(said(3, 'x'.repeat(73)));
    expect([offsets(history), history.bytes]).toEqual([[3], 201]);
    history.add(said(4));
    history.add(said(5));
    expect(offsets(history)).toEqual([4, 5]);
  });

  it('drops what has become too old, at the millisecond, and never more than that', () => {
    const history = new KeptHistory({ size: 10, ttlMs: 1_000, maxBytes: 10_000 });
    history.add(said(1, '', 0));
    history.add(said(2, '', 1));
    history.expire(999);
    expect(offsets(history)).toEqual([1, 2]);
    history.expire(1_000);
    expect([offsets(history), history.bytes]).toEqual([[2], 128]);
    history.expire(1e15);
    history.expire(1e15);
    expect([offsets(history), history.bytes]).toEqual([[], 0]);
  });

  it('loses nothing when the clock is set back', () => {
    const history = new KeptHistory({ size: 10, ttlMs: 1_000, maxBytes: 10_000 });
    history.add(said(1, '', 5_000));
    history.add(said(2, '', 100));
    history.expire(200);
    expect(offsets(history)).toEqual([1, 2]);
  });

  it('frees as many of the oldest as it takes, and nothing when nothing is needed', () => {
    const history = new KeptHistory({ size: 10, ttlMs: 1_000, maxBytes: 10_000 });
    for (let offset = 1; offset <= 4; offset++) history.add(said(offset));
    history.free(0);
    history.free(-1_000);
    expect(offsets(history)).toEqual([1, 2, 3, 4]);
    history.free(129);
    expect([offsets(history), history.bytes]).toEqual([[3, 4], 256]);
    history.free(1_000_000);
    expect([offsets(history), history.bytes]).toEqual([[], 0]);
  });

  it('leaves the order in which it keeps alone when it is read', () => {
    const history = new KeptHistory({ size: 10, ttlMs: 1_000, maxBytes: 10_000 });
    for (let offset = 1; offset <= 4; offset++) history.add(said(offset));
    const page = history.read(ALL);
    page.reverse();
    page.pop();
    expect(offsets(history)).toEqual([1, 2, 3, 4]);
    expect(offsets(history, { limit: 2 })).toEqual([3, 4]);
    expect(offsets(history, { limit: 2, after: 0 })).toEqual([1, 2]);
    expect(offsets(history, { after: 4 })).toEqual([]);
  });
});

import type { HistoryPage } from '../../room/engine/engine.js';
import { A, B, type EngineProbe, BRIEF, LIMITS, type TestRunner, TTL_MS } from './engine-probe.js';

/** A body that counts for 200 bytes: 72 of its own, in characters of two bytes, and 128. */
const TWO_HUNDRED = 'é'.repeat(36);

const offsetsOf = ({ publications }: HistoryPage): number[] =>
  publications.map(({ offset }) => offset);

/** The promises about what is kept. */
export function testHistory(probe: EngineProbe, { it, expect }: TestRunner): void {
  it('gives back what it kept as it was delivered: id, offset, time, who is left out, text and bytes', async () => {
    await probe.engine.subscribe(A, LIMITS);
    const bytes = Buffer.from([0, 255, 0x22, 0xc3, 0x28]);
    await probe.publish(A, '{"event":"é\\u0000"}', {
      publicationId: 'text',
      except: 'somebody',
      history: LIMITS,
    });
    await probe.publish(A, bytes, { publicationId: 'bytes', history: LIMITS });
    const { publications } = await probe.read(A);
    expect(publications).toEqual(probe.delivered.map(([, publication]) => publication));
    const [text, binary] = publications;
    expect([text?.publicationId, text?.except, text?.body]).toEqual([
      'text',
      'somebody',
      '{"event":"é\\u0000"}',
    ]);
    expect(Buffer.isBuffer(binary?.body) && bytes.equals(binary.body)).toBe(true);
    expect(binary?.except).toBe(undefined);
  });

  it('reads everything behind an offset, the oldest first, and where the room has got to', async () => {
    await probe.engine.subscribe(A, LIMITS);
    const positions = [];
    for (let n = 1; n <= 6; n++) positions.push(await probe.keep(A, String(n)));
    const [, , third, , , last] = positions;
    const page = await probe.read(A, { after: third?.offset as number });
    expect(page.publications.map(({ body }) => body)).toEqual(['4', '5', '6']);
    expect(page.position).toEqual(last);
    const none = await probe.read(A, { after: last?.offset as number });
    expect(none).toEqual({ publications: [], position: last });
    expect(await probe.readBodies(A, { after: (last?.offset as number) + 1_000 })).toEqual([]);
  });

  it('reads the newest without an offset, the oldest of them first', async () => {
    for (let n = 1; n <= 6; n++) await probe.keep(A, String(n));
    expect(await probe.readBodies(A, { limit: 2 })).toEqual(['5', '6']);
    expect(await probe.readBodies(A, { limit: 7 })).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('reads no more than so many, and no more than so many bytes with 128 for each, but one at least', async () => {
    for (let n = 1; n <= 4; n++) await probe.keep(A, TWO_HUNDRED);
    const read = async (range: object): Promise<number[]> => offsetsOf(await probe.read(A, range));
    expect(await read({ after: 0, limit: 3 })).toEqual([1, 2, 3]);
    expect(await read({ after: 1, maxBytes: 400 })).toEqual([2, 3]);
    expect(await read({ after: 1, maxBytes: 399 })).toEqual([2]);
    expect(await read({ after: 1, maxBytes: 1 })).toEqual([2]);
    expect(await read({ maxBytes: 400 })).toEqual([3, 4]);
    expect(await read({ maxBytes: 1 })).toEqual([4]);
  });

  it('reproduces everything in pages that go on behind each other', async () => {
    for (let n = 1; n <= 25; n++) await probe.keep(A, 'x'.repeat((n * 37) % 300));
    const read: number[] = [];
    for (let after = 0; after < 25; after = read.at(-1) as number)
      read.push(...offsetsOf(await probe.read(A, { after, limit: 4, maxBytes: 900 })));
    expect(read).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  });

  it('gives a page that nothing changes afterwards', async () => {
    const limits = { ...LIMITS, size: 2 };
    for (const body of ['1', '2']) await probe.keep(A, body, limits);
    const page = await probe.read(A);
    const before = structuredClone(page);
    for (const body of ['3', '4', '5']) await probe.keep(A, body, limits);
    await probe.settle();
    expect(page).toEqual(before);
  });

  it('drops the oldest beyond the size', async () => {
    const limits = { ...LIMITS, size: 3 };
    for (let n = 1; n <= 5; n++) await probe.keep(A, String(n), limits);
    const page = await probe.read(A, { after: 0 });
    expect(offsetsOf(page)).toEqual([3, 4, 5]);
    expect(page.position.offset).toBe(5);
  });

  it('drops the oldest beyond the bytes, and leaves no hole where one alone is too large', async () => {
    const limits = { ...LIMITS, maxBytes: 600 };
    for (let n = 1; n <= 4; n++) await probe.keep(A, TWO_HUNDRED, limits);
    expect(offsetsOf(await probe.read(A, { after: 0 }))).toEqual([2, 3, 4]);
    await probe.keep(A, 'x'.repeat(473), limits);
    expect(offsetsOf(await probe.read(A, { after: 0 }))).toEqual([]);
    await probe.keep(A, 'x'.repeat(472), limits);
    const page = await probe.read(A, { after: 0 });
    expect([offsetsOf(page), page.position.offset]).toEqual([[6], 6]);
  });

  it('drops what is older than the time, although it is spoken in', async () => {
    const { epoch } = await probe.engine.subscribe(A, BRIEF);
    await probe.keep(A, '1', BRIEF);
    await probe.advance(TTL_MS * 0.55);
    await probe.keep(A, '2', BRIEF);
    expect(await probe.readBodies(A)).toEqual(['1', '2']);
    await probe.advance(TTL_MS * 0.55);
    expect(await probe.readBodies(A)).toEqual(['2']);
    expect((await probe.read(A)).position).toEqual({ offset: 2, epoch });
  });

  it('keeps a publication once, whoever publishes its id again', async () => {
    await probe.engine.subscribe(A, LIMITS);
    const again = (body: string): Promise<unknown> =>
      probe.publish(A, body, { publicationId: 'same', history: LIMITS });
    const [first, second] = await Promise.all([again('1'), again('2')]);
    expect(second).toEqual(first);
    await probe.engine.unsubscribe(A);
    expect(await again('3')).toEqual(first);
    const page = await probe.read(A);
    expect(page).toMatchObject({ publications: [{ body: '1' }], position: first });
  });

  it('keeps what nobody is subscribed to when it is given limits, and nothing without them', async () => {
    const position = await probe.keep(A, 'kept');
    await probe.publish(B, 'lost');
    expect(await probe.readBodies(A)).toEqual(['kept']);
    expect(await probe.engine.subscribe(A, LIMITS)).toEqual(position);
    expect(await probe.readBodies(B)).toEqual([]);
    const { offset } = await probe.engine.subscribe(B);
    await probe.publish(B, 'live');
    const page = await probe.read(B);
    expect(page).toMatchObject({ publications: [], position: { offset: offset + 1 } });
    expect(probe.bodies(A)).toEqual([]);
  });

  it('knows nothing of a key that it never saw, and nothing of one in another', async () => {
    const { publications, position } = await probe.read(A, { after: 3 });
    expect([publications, position.offset]).toEqual([[], 0]);
    await probe.keep(B, 'elsewhere');
    expect(await probe.readBodies(A)).toEqual([]);
  });

  it('names epochs in a way that clients can name them again', async () => {
    const { epoch } = await probe.engine.subscribe(A, LIMITS);
    const other = await probe.engine.subscribe(B, LIMITS);
    expect(epoch).toMatch(/^[\w-]{4,64}$/);
    expect(other.epoch).not.toBe(epoch);
  });
}

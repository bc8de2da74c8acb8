import type { Writable } from 'node:stream';
import fc from 'fast-check';
import * as ws from 'ws';
import type { RoomId } from '../../src/admission/room-id.js';
import { encodeMessage } from '../../src/connection/message.js';
import { encodePublication, type Place } from '../../src/room/delivery.js';
import { propertyRuns } from '../support/property-runs.js';

const room = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b' as RoomId;

/** The types of `ws` do not know it. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

/** What a real `ws` client makes of the bytes: the messages it is given, one after the other. */
function received(bytes: Buffer): { data: Buffer; isBinary: boolean }[] {
  const messages: { data: Buffer; isBinary: boolean }[] = [];
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer, isBinary: boolean) => messages.push({ data, isBinary }));
  receiver.write(bytes);
  return messages;
}

const texts = (bytes: Buffer): unknown[] =>
  received(bytes).map(({ data, isBinary }) => (isBinary ? data : JSON.parse(String(data))));

describe('encodePublication', () => {
  it.each<[string, Place, object]>([
    ['the room alone', { room }, { room }],
    ['a place that is live', { room, offset: 7 }, { room, offset: 7 }],
    ['a place of the past', { room, offset: 7, epoch: 'e' }, { room, offset: 7, epoch: 'e' }],
    ['the first offset there is', { room, offset: 0 }, { room, offset: 0 }],
  ])('adds %s to text', (_, place, expected) => {
    const body = encodeMessage('said', { deep: ['}', 1] });
    const [message, ...others] = texts(encodePublication({ body }, place));
    expect(message).toEqual({ event: 'said', data: { deep: ['}', 1] }, ...expected });
    expect(others).toEqual([]);
  });

  it('adds it to an event without data', () => {
    const frame = encodePublication({ body: encodeMessage('said') }, { room, offset: 1 });
    expect(texts(frame)).toEqual([{ event: 'said', room, offset: 1 }]);
  });

  it('lets no data speak of the place, whatever it is', () => {
    const place = { room, offset: 7, epoch: 'e' };
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.jsonValue(), (event, data) => {
        const body = encodeMessage(event, data);
        const [message] = texts(encodePublication({ body }, place));
        expect(message).toEqual({ ...(JSON.parse(body) as object), ...place });
      }),
      propertyRuns(300),
    );
  });

  it.each([0, 1, 125, 126, 65_535, 65_536, 200_000])(
    'is two messages for %d bytes: what they are, and right behind it the bytes as they are',
    (length) => {
      const body = Buffer.alloc(length, 0x7d);
      const frame = encodePublication({ body }, { room, offset: 9, epoch: 'e' });
      const [head, bytes, ...others] = received(frame);
      expect([head?.isBinary, JSON.parse(String(head?.data))]).toEqual([
        false,
        { event: 'binary', room, offset: 9, epoch: 'e' },
      ]);
      expect([bytes?.isBinary, bytes?.data.equals(body)]).toEqual([true, true]);
      expect(others).toEqual([]);
    },
  );

  it('costs no more beside the body than the 128 bytes that histories count for it', () => {
    // With the longest offset there is, and an epoch as the memory engine makes them.
    const place = { room, offset: Number.MAX_SAFE_INTEGER, epoch: '2bzukb2h91' };
    for (const length of [0, 125, 126, 65_536, 70_000]) {
      const text = encodeMessage('e', 'x'.repeat(length));
      expect(encodePublication({ body: text }, place).length - text.length).toBeLessThan(129);
      const bytes = Buffer.alloc(length);
      expect(encodePublication({ body: bytes }, place).length - length).toBeLessThan(129);
    }
  });
});

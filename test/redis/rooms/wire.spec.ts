import fc from 'fast-check';
import { decode, decodePart, encodeHead, encodePart } from '../../../src/redis/rooms/wire.js';
import { propertyRuns } from '../../support/property-runs.js';

const EPOCH = 'abcDEF-_0123';

interface Said {
  readonly publicationId: string;
  readonly except?: string;
  readonly conflateKey?: string;
}

/** As the script of PUBLISH writes it. */
function written(said: Said, body: string | Buffer, offset = 7, time = 1_700): Buffer {
  const { publicationId: id } = said;
  const head = `1P${EPOCH} ${offset} ${time}\n${encodeHead(id, said, body) || id}\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.stringMatching(/^[\w.-]{1,40}$/),
);
const options = fc.record(
  { publicationId: words, except: words, conflateKey: words },
  { requiredKeys: ['publicationId'] },
);
const bodies = fc.oneof(
  words,
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);

describe('What a channel carries', () => {
  it('is read as the publication that was written, text or bytes', () => {
    fc.assert(
      fc.property(
        options,
        bodies,
        fc.maxSafeNat(),
        fc.maxSafeNat(),
        (said, body, offset, publishedAt) => {
          const bytes = written(said, body, offset, publishedAt);
          const publication = { except: undefined, conflateKey: undefined, ...said };
          expect(decode(bytes)).toEqual({
            publication: { ...publication, body, offset, publishedAt },
            epoch: EPOCH,
            bytes: bytes.length,
          });
        },
      ),
      propertyRuns(300),
    );
  });

  it.each([
    [
      'joined with what is told',
      '1+name\n{"a":1}',
      { kind: 'joined', memberId: 'name', info: { a: 1 } },
    ],
    ['joined', '1+name\n', { kind: 'joined', memberId: 'name', info: undefined }],
    ['left', '1-name\n', { kind: 'left', memberId: 'name' }],
  ])('is read as a change of presence: %s', (_, text, change) => {
    expect(decode(Buffer.from(text))).toEqual({ change });
  });

  it.each([
    ['nothing', ''],
    ['another version', `2P${EPOCH} 7 1\n{"id":"a"}\nb`],
    ['another kind', `1R${EPOCH} 7 1\n{"id":"a"}\nb`],
    ['no end of the first line', `1P${EPOCH} 7 1`],
    ['no body', `1P${EPOCH} 7 1\n{"id":"a"}`],
    ['an offset that is no number', `1P${EPOCH} 7e3 1\n{"id":"a"}\nb`],
    ['an offset beyond all numbers', `1P${EPOCH} 12345678901234567 1\n{"id":"a"}\nb`],
    ['a short epoch', '1Pabc 7 1\n{"id":"a"}\nb'],
    ['a head without an id', `1P${EPOCH} 7 1\n{"except":"a"}\nb`],
    ['an empty head', `1P${EPOCH} 7 1\n\nb`],
    ['a head that is no JSON', `1P${EPOCH} 7 1\n{id}\nb`],
  ])('is let go when it is %s', (_, text) => {
    expect(decode(Buffer.from(text))).toBeUndefined();
  });

  it('is read or let go, whatever the bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.stringMatching(/^[1P+\-\n {}":0aé]{0,40}$/).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (some) => {
        expect(() => decode(Buffer.from(some))).not.toThrow();
      }),
      propertyRuns(2_000),
    );
  });

  it('is read or let go when a publication is changed in one byte', () => {
    const whole = written({ publicationId: 'id', except: 'e' }, 'body');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        const message = decode(changed);
        if (!message || !('publication' in message)) return;
        expect(typeof message.publication.publicationId).toBe('string');
        expect(Number.isFinite(message.publication.offset)).toBe(true);
      }),
      propertyRuns(2_000),
    );
  });
});

describe('A part that may be absent', () => {
  it('comes back as it was, in one line', () => {
    fc.assert(
      fc.property(fc.option(fc.jsonValue(), { nil: undefined }), (part) => {
        const text = encodePart(part);
        expect(text).not.toContain('\n');
        expect(JSON.stringify(decodePart(text))).toBe(JSON.stringify(part));
      }),
      propertyRuns(200),
    );
  });
});

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import {
  headerValues,
  NodeUpgradeRequest,
  onlyValue,
  valuesOf,
} from '../../src/admission/upgrade-request.js';
import { propertyRuns } from '../support/property-runs.js';
import { upgradeRequest } from '../support/upgrade-request.js';

const NAMES = [
  'authorization',
  'content-length',
  'host',
  'origin',
  'sec-websocket-key',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
];

function message(rawHeaders: readonly string[]): IncomingMessage {
  const made = new IncomingMessage(new Socket());
  made.rawHeaders.push(...rawHeaders);
  // As the parser does it; the getters of Node count by what it was told here.
  (
    made as unknown as { _addHeaderLines(raw: readonly string[], count: number): void }
  )._addHeaderLines(rawHeaders, rawHeaders.length);
  return made;
}

/** One of the names, spelled in some mixture of cases, and perhaps with one character changed to any that a name may have. */
const spelled = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.bigInt({ min: 0n, max: 2n ** 32n }),
    fc.option(fc.tuple(fc.nat(20), fc.constantFrom(...'!#$%&*+-.^_`|~0aAzZ'.split(''))), {
      nil: undefined,
    }),
  )
  .map(([name, cases, change]) => {
    const letters = name
      .split('')
      .map((letter, at) => ((cases >> BigInt(at)) & 1n ? letter.toUpperCase() : letter));
    if (change) letters[change[0] % letters.length] = change[1];
    return letters.join('');
  });

describe('headerValues', () => {
  it('finds what Node lists, however a name is spelled', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(spelled, fc.string()), { maxLength: 12 }), (headers) => {
        const request = message(headers.flat());
        for (const name of NAMES) {
          const expected = request.headersDistinct[name] ?? [];
          expect(headerValues(request, name)).toEqual(expected);
          expect(onlyValue(request, name)).toBe(expected.length === 1 ? expected[0] : undefined);
        }
      }),
      propertyRuns(300),
    );
  });
});

describe('valuesOf', () => {
  it('reads what an application has put in the place of the headers', () => {
    const request = new NodeUpgradeRequest(message(['Origin', 'a']), '', true);
    const headers = { value: { origin: ['b'] } };
    const made = Object.create(request, { headers }) as NodeUpgradeRequest;
    expect([valuesOf(made, 'origin'), Object.keys(request)]).toEqual([
      ['b'],
      ['query', 'encrypted'],
    ]);
  });

  it.each([
    [
      'a request of Node',
      new NodeUpgradeRequest(message(['Origin', 'a', 'oRIGIN', 'b']), '', true),
    ],
    ['one that an application made', upgradeRequest({ origin: ['a', 'b'] })],
  ])('reads %s', (_, request) => {
    expect([valuesOf(request, 'origin'), valuesOf(request, 'upgrade')]).toEqual([['a', 'b'], []]);
    expect(request.headers.origin).toEqual(['a', 'b']);
  });
});

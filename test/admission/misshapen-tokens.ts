import { encodePart } from '../support/sign-token.js';
import type { HostileToken } from './hostile-tokens.js';

const KEY_HINTS: [string, unknown][] = [
  ['crit', ['exp']],
  ['crit', []],
  ['b64', false],
  ['b64', true],
  ['jku', 'https://evil.test/keys'],
  ['x5u', 'https://evil.test/chain'],
  ['x5c', ['MIIB']],
  ['jwk', null],
];

/** Well signed tokens of a shape that libraries disagree about; they are refused before any verifier sees them. */
export const MISSHAPEN: readonly HostileToken[] = [
  ...KEY_HINTS.map(([name, value]): HostileToken => [
    `has ${name} ${JSON.stringify(value)} in its header`,
    (by) => by.token({ [name]: value }),
  ]),
  [
    'brings the key it is signed with',
    (by) =>
      by.token(
        { jwk: by.stranger.publicKey.export({ format: 'jwk' }) },
        {},
        by.stranger.privateKey,
      ),
  ],
  [
    'has an alg none and no signature',
    (by) => by.token({ alg: 'none' }, {}, by.es.privateKey, 'ES256').replace(/[^.]+$/, ''),
  ],
  ['has no alg', (by) => by.token({ alg: undefined }, {}, by.es.privateKey, 'ES256')],
  ['has a typ that is no text', (by) => by.token({ typ: ['JWT'] })],
  ['has a kid that is no text', (by) => by.token({ kid: { es: 'es' } })],
  ['has a kid of 129 bytes', (by) => by.token({ kid: 'e'.repeat(129) })],
  ['ends in a line break', (by) => `${by.token()}\n`],
  ['is padded', (by) => `${by.token()}==`],
  ['has four parts', (by) => `${by.token()}.e30`],
  ['has stray bits at the end of its signature', (by) => withStrayBits(by.token())],
  ['repeats a claim', (by) => by.token({}, `{"sub":"admin",${inside(by.claims())}`)],
  [
    'repeats a claim with an escape',
    (by) => by.token({}, `{"s\\u0075b":"x",${inside(by.claims())}`),
  ],
  ['has null for claims', (by) => by.token({}, 'null')],
  ['has a list for claims', (by) => by.token({}, `[${JSON.stringify(by.claims())}]`)],
  ['has text for claims', (by) => by.token({}, '"alice"')],
  ['has claims that are no JSON', (by) => by.token({}, '{sub:1}')],
  ['has claims that JSON5 would read', (by) => by.token({}, `{"x":NaN,${inside(by.claims())}`)],
  ['is nested deeper than its brackets', (by) => by.token({}, '['.repeat(2_000))],
  ['has 8,193 bytes', (by) => ofBytes(by, 8_193)],
  ['has a megabyte', (by) => by.token({}, { pad: 'x'.repeat(1_000_000) })],
  ['is one part of 8 KB', () => 'A'.repeat(8_192)],
  ['is nothing but points', () => '.'.repeat(8_192)],
  ['has an encoded list for a header', (by) => by.token().replace(/^[^.]+/, encodePart('[]'))],
];

/** The members of an object, as JSON, with the brace that closes it. */
function inside(claims: object): string {
  return JSON.stringify(claims).slice(1);
}

/** 64 bytes are 86 letters, the last of which has four bits that mean nothing. */
function withStrayBits(token: string): string {
  const last = token.at(-1) as string;
  return token.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1);
}

function ofBytes(by: Parameters<HostileToken[1]>[0], bytes: number): string {
  const frame = by.token({}, { pad: '' }).length;
  for (let pad = Math.floor(((bytes - frame) * 3) / 4) - 4; ; pad++) {
    const token = by.token({}, { pad: 'x'.repeat(pad) });
    if (token.length >= bytes) return token;
  }
}

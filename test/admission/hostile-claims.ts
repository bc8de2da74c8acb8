import type { RefusalCode } from '../../src/admission/refusals.js';

const NOW_S = 1_800_000_000;

/** What JSON can say of a time. jsonwebtoken takes some of it for a time, and compares the rest to nothing. */
const NO_TIMES = [
  'null',
  'true',
  '""',
  '"1800003600"',
  '"tomorrow"',
  '[1800003600]',
  '{}',
  '-1',
  '-1e400',
  '1e400',
  '1e308',
  '9007199254740992',
];

/** A claim, the JSON that stands there, and what the door says. */
export const HOSTILE_TIMES: readonly (readonly [string, string, RefusalCode])[] = [
  ...['exp', 'iat', 'nbf'].flatMap((claim) =>
    NO_TIMES.map((json) => [claim, json, 'token_invalid'] as const),
  ),
  ['exp', '0', 'token_expired'],
  ['exp', String(NOW_S - 3_600), 'token_expired'],
  ['exp', String(NOW_S - 5), 'token_expired'],
  ['exp', String(NOW_S + 86_400), 'token_invalid'],
  ['exp', '9007199254740991', 'token_invalid'],
  ['iat', '0', 'token_invalid'],
  ['iat', String(NOW_S + 6), 'token_not_yet_valid'],
  ['iat', String(NOW_S + 86_400), 'token_not_yet_valid'],
  ['iat', '9007199254740991', 'token_not_yet_valid'],
  ['nbf', String(NOW_S + 6), 'token_not_yet_valid'],
  ['nbf', '9007199254740991', 'token_not_yet_valid'],
];

export const ODD_CLAIMS: readonly (readonly [string, object])[] = [
  ['no exp', { exp: undefined }],
  ['no iat', { iat: undefined }],
  ['no sub', { sub: undefined }],
  ['an empty sub', { sub: '' }],
  ['null for a sub', { sub: null }],
  ['a number for a sub', { sub: 1 }],
  ['a list for a sub', { sub: ['alice'] }],
  ['a sub of 256 bytes', { sub: 'a'.repeat(256) }],
  ['a sub that UTF-8 cannot hold', { sub: 'a\ud800' }],
  ['a list for a scope', { scope: ['chat:read'] }],
  ['a number for a jti', { jti: 1 }],
  ['an object for a sid', { sid: {} }],
];

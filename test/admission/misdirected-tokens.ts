import { A } from '../support/two-issuers.js';
import type { HostileToken } from './hostile-tokens.js';

/** Whose it is not. */
const ISSUERS: HostileToken[] = [
  ...[
    'https://c.test',
    `${A}/`,
    'HTTPS://A.TEST',
    'https://a.tes',
    ` ${A}`,
    '',
    '__proto__',
    'constructor',
    'urn:roomgate:dev',
  ].map((iss): HostileToken => [
    `is issued by ${JSON.stringify(iss)}`,
    (by) => by.token({}, { iss }),
  ]),
  ['has no issuer', (by) => by.token({}, { iss: undefined })],
  ['has a list of issuers', (by) => by.token({}, { iss: [A] })],
  ['has an object for issuer', (by) => by.token({}, { iss: { [A]: A } })],
  ['has null for issuer', (by) => by.token({}, { iss: null })],
];

/** For whom it is not. */
const AUDIENCES: HostileToken[] = [
  ['has no audience', (by) => by.token({}, { aud: undefined })],
  ...[
    'mail',
    'chat2',
    'cha',
    'CHAT',
    '',
    '.*',
    [],
    ['mail'],
    [['chat']],
    null,
    true,
    7,
    { chat: 'chat' },
    { 0: 'chat', length: 1 },
  ].map((aud): HostileToken => [
    `is meant for ${JSON.stringify(aud)}`,
    (by) => by.token({}, { aud }),
  ]),
];

/** What the same key signs for other ends. */
const TYPES: HostileToken[] = [
  'reset+jwt',
  'refresh+jwt',
  'id+jwt',
  'logout+jwt',
  'dpop+jwt',
  'JWS',
  'JWE',
  'at',
  'at+jwt2',
  'application/',
  'application/at',
  'application/application/at+jwt',
  'application /at+jwt',
  ' application/at+jwt',
  'text/at+jwt',
  'application/logout+jwt',
  'JWT ',
  ' JWT',
  'JWT\u0000',
  '',
  'null',
].map((typ) => [`is of type ${JSON.stringify(typ)}`, (by) => by.token({ typ })]);

/** Well signed tokens that were made for another door. */
export const MISDIRECTED: readonly HostileToken[] = [...ISSUERS, ...AUDIENCES, ...TYPES];

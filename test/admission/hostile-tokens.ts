import { createSecretKey, type KeyObject, sign } from 'node:crypto';
import { toPem } from '../support/key-ring.js';
import { encodePart } from '../support/sign-token.js';
import { B, type TwoIssuers } from '../support/two-issuers.js';

/** A token that no verifier may believe: what is wrong with it, and how it is made. */
export type HostileToken = readonly [name: string, make: (by: TwoIssuers) => string];

const text = (value: string | Buffer): KeyObject => createSecretKey(Buffer.from(value));
const withSignature = (token: string, change: (signature: Buffer) => Buffer): string => {
  const end = token.lastIndexOf('.') + 1;
  const signature = change(Buffer.from(token.slice(end), 'base64url'));
  return token.slice(0, end) + signature.toString('base64url');
};
const withPart = (token: string, index: number, part: unknown): string =>
  token.split('.').with(index, encodePart(part)).join('.');

/** The algorithm is the attacker's to name, never to choose. */
const ALGORITHMS: HostileToken[] = [
  ...[
    'none',
    'None',
    'NONE',
    '',
    'es256',
    'ES257',
    'EdDSA',
    'toString',
    '__proto__',
    'ES256\n',
  ].map((alg): HostileToken => [
    `names the algorithm ${JSON.stringify(alg)}`,
    (by) => by.token({ alg }, {}, by.es.privateKey, 'ES256'),
  ]),
  [
    'is HS256 with the PEM of the public EC key',
    (by) => by.token({ alg: 'HS256' }, {}, text(toPem(by.es.publicKey))),
  ],
  [
    'is HS256 with the PEM of the public RSA key',
    (by) => by.token({ alg: 'HS256', kid: 'rs' }, {}, text(toPem(by.rs.publicKey))),
  ],
  [
    'is HS256 with that PEM, trimmed',
    (by) => by.token({ alg: 'HS256', kid: 'rs' }, {}, text(toPem(by.rs.publicKey).trim())),
  ],
  [
    'is HS256 with the DER of the public key',
    (by) =>
      by.token({ alg: 'HS256' }, {}, text(by.es.publicKey.export({ type: 'spki', format: 'der' }))),
  ],
  [
    'is HS256 with the JWK of the public key',
    (by) =>
      by.token(
        { alg: 'HS256' },
        {},
        text(JSON.stringify(by.es.publicKey.export({ format: 'jwk' }))),
      ),
  ],
  ['is HS256 with an empty secret', (by) => by.token({ alg: 'HS256' }, {}, text(''))],
  [
    'is RS512, which the key fits but the issuer does not use',
    (by) => by.token({ alg: 'RS512', kid: 'rs' }, {}, by.rs.privateKey),
  ],
  [
    'says PS256 over an RS256 signature',
    (by) => by.token({ alg: 'PS256', kid: 'rs' }, {}, by.rs.privateKey, 'RS256'),
  ],
  [
    'says RS256 over a PS256 signature',
    (by) => by.token({ alg: 'RS256', kid: 'rs' }, {}, by.rs.privateKey, 'PS256'),
  ],
  [
    'says RS256 over an ES256 signature',
    (by) => by.token({ alg: 'RS256' }, {}, by.es.privateKey, 'ES256'),
  ],
  ['is ES256 over SHA-512', (by) => by.token({}, {}, by.es.privateKey, 'ES512')],
];

const SIGNATURES: HostileToken[] = [
  [
    'has the signature of another token',
    (by) => by.token().replace(/[^.]+$/, by.token({}, { sub: 'bob' }).split('.')[2] as string),
  ],
  ['had its claims changed', (by) => withPart(by.token(), 1, by.claims({ sub: 'admin' }))],
  [
    'had its header changed',
    (by) => withPart(by.token(), 0, { alg: 'ES256', typ: 'at+jwt', kid: 'es' }),
  ],
  ['is signed with r = s = 0', (by) => withSignature(by.token(), () => Buffer.alloc(64))],
  [
    'has a signature in DER',
    (by) =>
      withSignature(by.token(), () =>
        sign('sha256', Buffer.from(by.token().replace(/\.[^.]*$/, '')), by.es.privateKey),
      ),
  ],
  ['has a shortened signature', (by) => withSignature(by.token(), (bytes) => bytes.subarray(1))],
  [
    'has a lengthened ES256 signature',
    (by) => withSignature(by.token(), (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])),
  ],
  [
    'has a lengthened RS256 signature',
    (by) =>
      withSignature(by.token({ alg: 'RS256', kid: 'rs' }, {}, by.rs.privateKey), (bytes) =>
        Buffer.concat([Buffer.alloc(1), bytes]),
      ),
  ],
];

const KEYS: HostileToken[] = [
  ['is signed by a stranger', (by) => by.token({}, {}, by.stranger.privateKey)],
  [
    'is signed by B in the name of A, under the kid that both use',
    (by) => by.token({}, {}, by.esOfB.privateKey),
  ],
  ['is signed by A in the name of B', (by) => by.token({}, { iss: B }, by.es.privateKey)],
  ...[
    'unknown',
    'ES',
    '',
    '../../../../dev/null',
    "x' OR '1'='1",
    '__proto__',
    'constructor',
    'es\u0000',
    'https://evil.test/keys',
  ].map((kid): HostileToken => [`names the kid ${JSON.stringify(kid)}`, (by) => by.token({ kid })]),
  ['names the kid of another key', (by) => by.token({ kid: 'rs' })],
];

/** Tokens that nobody signed whom the server believes. */
export const UNSIGNED_TOKENS: readonly HostileToken[] = [...ALGORITHMS, ...SIGNATURES, ...KEYS];

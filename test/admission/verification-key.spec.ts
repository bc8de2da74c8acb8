import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import type { IssuerKey, TokenAlgorithm } from '../../src/index.js';
import { loadKey } from '../../src/admission/verification-key.js';
import { refused } from '../support/caught.js';
import { ecPair, pssPair, rsaPair, secretKey, toPem } from '../support/key-ring.js';

const NAMED = 'of issuer "https://id.test"';
const ec = ecPair();
const rsa = rsaPair();
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const text = 'canary-canary-canary-canary-canary';

const load = (key: unknown, ...algorithms: TokenAlgorithm[]): ReturnType<typeof loadKey> =>
  loadKey(key as IssuerKey, algorithms, NAMED);
const fail = (key: unknown, ...algorithms: TokenAlgorithm[]): ReturnType<typeof refused> =>
  refused(() => load(key, ...algorithms));

describe('loadKey', () => {
  it.each<[string, unknown]>([
    ['PEM text', toPem(ec.publicKey)],
    ['PEM bytes', Buffer.from(toPem(ec.publicKey))],
    ['a KeyObject', ec.publicKey],
    ['a JWK', ec.publicKey.export({ format: 'jwk' })],
    ['PEM text in a record', { key: toPem(ec.publicKey) }],
    ['PEM bytes in a record', { key: Buffer.from(toPem(ec.publicKey)) }],
    ['a KeyObject in a record', { key: ec.publicKey }],
    ['a JWK in a record', { key: ec.publicKey.export({ format: 'jwk' }) }],
  ])('reads a public key given as %s', (_name, given) => {
    const { key, kid, checks } = load(given, 'ES256');
    expect(key.equals(ec.publicKey)).toBe(true);
    expect(kid).toBeUndefined();
    expect([...checks.keys()]).toEqual(['ES256']);
  });

  it.each<[string, string | Buffer | object]>([
    ['text', text],
    ['bytes', Buffer.from(text)],
    ['a KeyObject', createSecretKey(Buffer.from(text))],
  ])('reads a secret given as %s', (_name, secret) => {
    const { kid, checks } = load({ secret, kid: 'k1' }, 'HS256', 'HS512');
    expect([kid, ...checks.keys()]).toEqual(['k1', 'HS256', 'HS512']);
    expect(load({ secret }, 'HS256').key.export().toString()).toBe(text);
  });

  it('takes the kid from the record or from the JWK', () => {
    const jwk = { ...ec.publicKey.export({ format: 'jwk' }), kid: 'of the jwk' };
    expect(load({ kid: 'k1', key: ec.publicKey }, 'ES256').kid).toBe('k1');
    expect(load(jwk, 'ES256').kid).toBe('of the jwk');
    expect(load({ ...jwk, kid: 7 }, 'ES256').kid).toBeUndefined();
    expect(load({ kid: 'k1', key: jwk }, 'ES256').kid).toBe('k1');
  });

  it.each<[string, unknown, TokenAlgorithm[], TokenAlgorithm[]]>([
    ['RSA', rsa.publicKey, ['RS256', 'RS512', 'PS384', 'ES256'], ['RS256', 'RS512', 'PS384']],
    ['RSA for PSS only', pss.publicKey, ['RS256', 'PS256', 'PS512'], ['PS256', 'PS512']],
    ['RSA for PSS by SHA-384', pssPair('sha384', 48).publicKey, ['PS256', 'PS384'], ['PS384']],
    [
      'RSA for PSS with a short salt',
      pssPair('sha256', 20).publicKey,
      ['PS256', 'PS512'],
      ['PS256'],
    ],
    ['P-256', ec.publicKey, ['ES256', 'ES384', 'ES512', 'RS256'], ['ES256']],
    ['P-384', ecPair('P-384').publicKey, ['ES256', 'ES384', 'ES512'], ['ES384']],
    ['P-521', ecPair('P-521').publicKey, ['ES256', 'ES384', 'ES512'], ['ES512']],
    [
      'a secret',
      { secret: secretKey() },
      ['HS256', 'HS384', 'HS512', 'ES256'],
      ['HS256', 'HS384', 'HS512'],
    ],
  ])('uses %s for the algorithms it fits', (_name, key, offered, fitting) => {
    expect([...load(key, ...offered).checks.keys()]).toEqual(fitting);
  });

  it.each<[string, unknown, TokenAlgorithm, string]>([
    ['P-384 for ES256', ecPair('P-384').publicKey, 'ES256', 'of type ec secp384r1'],
    ['secp256k1 for ES256', ecPair('secp256k1').publicKey, 'ES256', 'of type ec secp256k1'],
    ['RSA for ES256', rsa.publicKey, 'ES256', 'of type rsa'],
    ['EC for RS256', ec.publicKey, 'RS256', 'of type ec prime256v1'],
    ['RSA-PSS for RS256', pss.publicKey, 'RS256', 'of type rsa-pss'],
    ['RSA-PSS by SHA-512 for PS256', pssPair('sha512', 32).publicKey, 'PS256', 'of type rsa-pss'],
    ['RSA-PSS by two digests', pssPair('sha256', 20, 'sha1').publicKey, 'PS256', 'of type rsa-pss'],
    ['RSA-PSS with a longer salt', pssPair('sha256', 64).publicKey, 'PS256', 'of type rsa-pss'],
    ['Ed25519 for ES256', ed.publicKey, 'ES256', 'of type ed25519'],
    ['a public key for HS256', ec.publicKey, 'HS256', 'of type ec prime256v1'],
    ['a secret for RS256', { secret: text }, 'RS256', 'a shared secret'],
  ])('refuses %s', (_name, key, algorithm, what) => {
    expect(fail(key, algorithm)).toEqual({
      code: 'invalid_options',
      message: `A key ${NAMED} is ${what}, which fits none of its algorithms (${algorithm}).`,
    });
  });

  it.each([512, 1024, 2040])('refuses RSA of %i bits', (bits) => {
    expect(fail(rsaPair(bits).publicKey, 'RS256')).toEqual({
      code: 'unsafe_options',
      message: `A key ${NAMED} is RSA of ${bits} bits; at least 2048 are required.`,
    });
  });

  it.each([0, 1, 8, 31])('refuses a secret of %i bytes', (bytes) => {
    expect(fail({ secret: Buffer.alloc(bytes, 7) }, 'HS256')).toEqual({
      code: 'unsafe_options',
      message: `A secret ${NAMED} has ${bytes} bytes; at least 32 (256 bits) are required.`,
    });
  });

  it.each<[string, unknown]>([
    ['PEM', toPem(ec.privateKey)],
    ['PEM bytes', Buffer.from(toPem(ec.privateKey))],
    ['PEM of the traditional kind', rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })],
    ['a KeyObject', ec.privateKey],
    ['a JWK', ec.privateKey.export({ format: 'jwk' })],
    ['a record', { kid: 'k1', key: ec.privateKey }],
    ['a JWK in a record', { key: rsa.privateKey.export({ format: 'jwk' }) }],
  ])('refuses a private key given as %s', (_name, key) => {
    expect(fail(key, 'ES256', 'RS256')).toEqual({
      code: 'unsafe_options',
      message: `A key ${NAMED} is a private key. Configure the public key only.`,
    });
  });

  it.each<[string, unknown]>([
    ['text', text],
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty record', {}],
    ['an empty key', { key: '' }],
    ['a missing key', { kid: 'k1', key: undefined }],
    ['a symmetric JWK', { kty: 'oct', k: Buffer.from(text).toString('base64url') }],
    ['broken PEM', toPem(ec.publicKey).replace('A', '!')],
    ['bytes that are no PEM', ec.publicKey.export({ type: 'spki', format: 'der' })],
  ])('says so when %s stands for a public key, without quoting it', (_name, key) => {
    expect(fail(key, 'ES256', 'HS256')).toEqual({
      code: 'invalid_options',
      message: `A key ${NAMED} could not be read as a PEM public key or JWK (RFC 7517).`,
    });
  });

  it('wants a secret KeyObject to be called one', () => {
    for (const key of [secretKey(), { key: secretKey() }])
      expect(fail(key, 'HS256')).toEqual({
        code: 'invalid_options',
        message: `A key ${NAMED} is a secret; give it as { secret }.`,
      });
  });
});

import type { IssuerKey } from '../../src/admission/admission.options.js';
import { loadKey } from '../../src/admission/verification-key.js';
import { refused } from '../support/caught.js';
import { ecPair, rsaPair, toPem } from '../support/key-ring.js';

const NAMED = 'of issuer "https://id.test"';
const ec = ecPair();
const rsa = rsaPair();

const fail = (key: unknown): ReturnType<typeof refused> =>
  refused(() => loadKey(key as IssuerKey, 1, ['HS256'], NAMED));

describe('loadKey, given a secret', () => {
  it.each<[string, unknown]>([
    ['nothing, as from an absent variable', undefined],
    ['null', null],
    ['a number', 12_345_678],
    ['a list of bytes', Array.from({ length: 32 }, () => 65)],
    ['an object', { canary: 'canary' }],
    ['a public KeyObject', ec.publicKey],
    ['a private KeyObject', ec.privateKey],
  ])('says so when it is %s, without quoting it', (_name, secret) => {
    expect(fail({ secret })).toEqual({
      code: 'invalid_options',
      message: `Expected the secret of key 1 ${NAMED} to be text, bytes, a secret KeyObject or a JWK of type "oct".`,
    });
  });

  it.each<[string, unknown]>([
    ['a public EC key', toPem(ec.publicKey)],
    ['a public RSA key', toPem(rsa.publicKey)],
    ['a private key', toPem(ec.privateKey)],
    ['a public key as bytes', Buffer.from(toPem(rsa.publicKey))],
    ['a public key behind a line break', `\n${toPem(rsa.publicKey)}`],
  ])('refuses the text of %s, which others know or must not', (_name, secret) => {
    expect(fail({ secret })).toEqual({
      code: 'unsafe_options',
      message: `Key 1 ${NAMED} is a PEM key, which is no shared secret. Give a public key as it is, without { secret }.`,
    });
  });

  it.each<[string, string]>([
    ['bytes that are no UTF-8', Buffer.alloc(40, 0xc3).toString('utf8')],
    ['half a surrogate pair', `${'x'.repeat(40)}\ud800`],
  ])('refuses text that was made of %s, since another key has become of it', (_name, secret) => {
    expect(fail({ secret })?.code).toBe('unsafe_options');
    expect(fail({ secret })?.message).toMatch('is text that has lost bytes in decoding');
  });

  it('takes bytes of any kind as they are', () => {
    for (const secret of [Buffer.alloc(32), new Uint8Array(32).fill(0xff), Buffer.alloc(32, 0x0a)])
      expect(
        loadKey({ secret }, 1, ['HS256'], NAMED).key.export().equals(Buffer.from(secret)),
      ).toBe(true);
  });

  it.each<[string, unknown]>([
    ['is empty', ''],
    ['has 129 bytes', 'k'.repeat(129)],
    ['is a number', 7],
    ['is null', null],
  ])('refuses a kid that %s', (_name, kid) => {
    expect(fail({ kid, secret: 'x'.repeat(32) })?.code).toBe('invalid_options');
    expect(fail({ kid, secret: 'x'.repeat(32) })?.message).toMatch(
      `Expected "kid" of key 1 ${NAMED} to be a string of 1 to 128 bytes, got `,
    );
  });

  it('takes a kid of 128 bytes', () => {
    expect(fail({ kid: 'ä'.repeat(64), secret: 'x'.repeat(32) })).toBeUndefined();
  });
});

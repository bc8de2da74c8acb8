import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { IssuerKey, TokenAlgorithm } from '../../src/admission/admission.options.js';
import { loadKey } from '../../src/admission/verification-key.js';
import { refused } from '../support/caught.js';
import { ecPair, pssPair, rsaPair, secretKey, toPem } from '../support/key-ring.js';

const NAMED = 'of issuer "https://id.test"';
const ec = ecPair();
const rsa = rsaPair();
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const text = 'canary-canary-canary-canary-canary-canary-canary-canary-canary-canary';

const load = (key: unknown, ...algorithms: TokenAlgorithm[]): ReturnType<typeof loadKey> =>
  loadKey(key as IssuerKey, 1, algorithms, NAMED);
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
    expect(load({ key: jwk }, 'ES256').kid).toBe('of the jwk');
    expect(load({ kid: undefined, key: jwk }, 'ES256').kid).toBe('of the jwk');
    expect(fail({ ...jwk, kid: 7 }, 'ES256')?.message).toMatch(
      `Expected "kid" of key 1 ${NAMED} to be a string of 1 to 128 bytes, got "7"`,
    );
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
      { secret: secretKey(64) },
      ['HS256', 'HS384', 'HS512', 'ES256'],
      ['HS256', 'HS384', 'HS512'],
    ],
    ['a secret of 63 bytes', { secret: secretKey(63) }, ['HS512', 'HS384'], ['HS384']],
    ['a secret of 47 bytes', { secret: secretKey(47) }, ['HS384', 'HS256'], ['HS256']],
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
      message: `Key 1 ${NAMED} is ${what}, which fits none of its algorithms (${algorithm}).`,
    });
  });

  it.each([512, 1024, 2040])('refuses RSA of %i bits', (bits) => {
    expect(fail(rsaPair(bits).publicKey, 'RS256')).toEqual({
      code: 'unsafe_options',
      message: `Key 1 ${NAMED} is RSA of ${bits} bits; at least 2048 and at most 16384 are required.`,
    });
  });

  it('names a key by its kid, or else by its place in the list', () => {
    const jwk = { ...ec.publicKey.export({ format: 'jwk' }), use: 'enc' };
    const third = (key: unknown): string | undefined =>
      refused(() => loadKey(key as IssuerKey, 3, ['ES256'], NAMED))?.message;
    expect(third(jwk)).toMatch(`Key 3 ${NAMED} has "use"`);
    expect(third({ ...jwk, kid: '2026-11' })).toMatch(`Key "2026-11" ${NAMED} has "use"`);
    expect(third({ kid: 'k1', key: jwk })).toMatch(`Key "k1" ${NAMED} has "use"`);
  });

  const ecJwk = ec.publicKey.export({ format: 'jwk' });
  const rsaJwk = rsa.publicKey.export({ format: 'jwk' });
  const octJwk = { kty: 'oct', k: Buffer.from(text).toString('base64url') };

  it.each<[string, object]>([
    ['use "enc"', { use: 'enc' }],
    ['an empty use', { use: '' }],
    ['a use in capitals', { use: 'SIG' }],
    ['use null', { use: null }],
    ['a list of uses', { use: ['sig'] }],
    ['key_ops for encryption', { key_ops: ['encrypt', 'wrapKey'] }],
    ['key_ops for signing alone', { key_ops: ['sign'] }],
    ['no key_ops at all', { key_ops: [] }],
    ['text for key_ops', { key_ops: 'verify' }],
    ['key_ops null', { key_ops: null }],
    ['a good use and wrong key_ops', { use: 'sig', key_ops: ['encrypt'] }],
  ])('refuses a JWK with %s', (_name, members) => {
    const jwks: [object, TokenAlgorithm][] = [
      [ecJwk, 'ES256'],
      [rsaJwk, 'RS256'],
      [rsaJwk, 'PS256'],
    ];
    for (const [jwk, algorithm] of jwks)
      for (const key of [{ ...jwk, ...members }, { key: { ...jwk, ...members } }])
        expect(fail(key, algorithm)?.code).toBe('unsafe_options');
    expect(fail({ secret: { ...octJwk, ...members } }, 'HS256')?.code).toBe('unsafe_options');
  });

  it('uses a JWK for its own alg alone', () => {
    const jwk = { ...rsaJwk, use: 'sig', key_ops: ['verify'], alg: 'PS384' };
    expect([...load(jwk, 'RS256', 'PS256', 'PS384').checks.keys()]).toEqual(['PS384']);
    const secret = { ...octJwk, alg: 'HS384' };
    expect([...load({ secret }, 'HS256', 'HS384').checks.keys()]).toEqual(['HS384']);
  });

  it.each(['RS512', 'RSA-OAEP', 'ES521', 'none', 'rs256', '', 7, null, ['RS256']])(
    'refuses a JWK whose alg is %j where the issuer signs with another',
    (alg) => {
      expect(fail({ ...rsaJwk, alg }, 'RS256')?.code).toBe('invalid_options');
    },
  );

  it.each(['A256GCM', 'A256KW', 'HS512'])('refuses a secret for %s where it is HS256', (alg) => {
    expect(fail({ secret: { ...octJwk, alg } }, 'HS256')?.message).toBe(
      `Key 1 ${NAMED} has "alg" "${alg}", which is none of its algorithms (HS256).`,
    );
  });

  it('reads a secret given as a JWK of type oct', () => {
    const { key, kid } = load({ secret: { ...octJwk, kid: 'k1' } }, 'HS256');
    expect([key.export().toString(), kid]).toEqual([text, 'k1']);
  });

  it.each(['', 'AA==', 'A', '+/+/', 7, undefined])('refuses an oct JWK whose k is %j', (k) => {
    const refusal = fail({ secret: { kty: 'oct', k } }, 'HS256');
    expect(refusal?.message).toMatch(k === '' ? 'has 0 bytes; at least 32' : 'whose "k" is not');
  });

  it('refuses the JWK of a public key as a secret', () => {
    for (const secret of [ecJwk, rsaJwk])
      expect(fail({ secret }, 'HS256')?.code).toBe('invalid_options');
  });

  it.each<[string, string]>([
    ['1, by which everything is its own signature', 'AQ'],
    ['2', 'Ag'],
    ['an even 65536', 'AQAA'],
    ['2^256 + 1', Buffer.from(`01${'00'.repeat(31)}01`, 'hex').toString('base64url')],
  ])('refuses RSA with the exponent %s', (_name, e) => {
    const key = createPublicKey({ key: { ...rsaJwk, e }, format: 'jwk' });
    for (const given of [{ ...rsaJwk, e }, key, toPem(key)])
      for (const algorithm of ['RS256', 'PS512'] as const)
        expect(fail(given, algorithm)?.message).toMatch(
          /^Key 1 .* is RSA with the public exponent/,
        );
  });

  it.each(['Aw', 'EQ', 'AQAB', 'AQAD'])('takes RSA with the exponent %s', (e) => {
    expect(fail({ ...rsaJwk, e }, 'RS256')).toBeUndefined();
  });

  it('refuses RSA with an even modulus', () => {
    const n = Buffer.from(rsaJwk.n ?? '', 'base64url');
    n.writeUInt8(n.readUInt8(n.length - 1) & 0xfe, n.length - 1);
    expect(fail({ ...rsaJwk, n: n.toString('base64url') }, 'RS256')?.message).toMatch(
      'even modulus',
    );
  });

  it('refuses RSA by a chip whose keys can be factored, also for PSS alone', () => {
    const jwk = { ...rsaJwk, n: rocaModulus().toString('base64url') };
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    for (const given of [jwk, toPem(key), pssOf(key)])
      expect(fail(given, 'PS256')?.message).toMatch(/^Key 1 .*ROCA, CVE-2017-15361/);
    for (const good of [rsa.publicKey, pss.publicKey, rsaPair(3072).publicKey])
      expect(fail(good, 'PS256')).toBeUndefined();
  });

  it.each(['crv', 'x', 'y'])(
    'refuses an EC key that is on no curve of its own: another %s',
    (member) => {
      const other: Record<string, unknown> = { ...ecPair().publicKey.export({ format: 'jwk' }) };
      const jwk = { ...ecJwk, [member]: member === 'crv' ? 'P-384' : other[member] };
      expect(fail(jwk, 'ES256')?.code).toBe('invalid_options');
    },
  );

  it('refuses PEM text with two keys, of which one would be overlooked', () => {
    const both = toPem(ec.publicKey) + toPem(ecPair().publicKey);
    for (const given of [both, Buffer.from(both), { key: both }])
      expect(fail(given, 'ES256')?.message).toMatch('more than one key');
  });

  it('reads PEM with a byte order mark or the line breaks of Windows', () => {
    const pem = toPem(ec.publicKey);
    for (const given of [`\ufeff${pem}`, pem.replaceAll('\n', '\r\n'), Buffer.from(`\ufeff${pem}`)])
      expect(load(given, 'ES256').key.equals(ec.publicKey)).toBe(true);
  });

  it('counts what a check costs', () => {
    const cost = (key: unknown, algorithm: TokenAlgorithm): number => load(key, algorithm).cost;
    expect(cost(ec.publicKey, 'ES256')).toBe(1);
    expect(cost(ecPair('P-384').publicKey, 'ES384')).toBe(8);
    expect(cost(ecPair('P-521').publicKey, 'ES512')).toBe(16);
    expect(cost(rsa.publicKey, 'RS256')).toBe(1);
    expect(cost(rsaPair(3072).publicKey, 'PS256')).toBe(3);
    expect(cost({ secret: secretKey() }, 'HS256')).toBe(1);
  });

  it.each([0, 1, 8, 31])('refuses a secret of %i bytes', (bytes) => {
    expect(fail({ secret: Buffer.alloc(bytes, 7) }, 'HS256')).toEqual({
      code: 'unsafe_options',
      message: `Key 1 ${NAMED} has ${bytes} bytes; at least 32 are required for HS256 (RFC 7518 §3.2).`,
    });
  });

  it.each<[string, unknown]>([
    ['PEM', toPem(ec.privateKey)],
    ['PEM bytes', Buffer.from(toPem(ec.privateKey))],
    ['PEM of the traditional kind', rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })],
    ['a KeyObject', ec.privateKey],
    ['a JWK', ec.privateKey.export({ format: 'jwk' })],
    ['a record', { key: ec.privateKey }],
    ['a JWK in a record', { key: rsa.privateKey.export({ format: 'jwk' }) }],
  ])('refuses a private key given as %s', (_name, key) => {
    expect(fail(key, 'ES256', 'RS256')).toEqual({
      code: 'unsafe_options',
      message: `Key 1 ${NAMED} is a private key. Configure the public key only.`,
    });
  });

  it.each<[string, unknown]>([
    ['text', text],
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty record', {}],
    ['an empty key', { key: '' }],
    ['a missing key', { key: undefined }],
    ['broken PEM', toPem(ec.publicKey).replace('A', '!')],
    ['bytes that are no PEM', ec.publicKey.export({ type: 'spki', format: 'der' })],
  ])('says so when %s stands for a public key, without quoting it', (_name, key) => {
    expect(fail(key, 'ES256', 'HS256')).toEqual({
      code: 'invalid_options',
      message: `Key 1 ${NAMED} could not be read as a PEM public key or JWK (RFC 7517).`,
    });
  });

  it('wants a secret KeyObject to be called one', () => {
    const jwk = { kty: 'oct', k: Buffer.from(text).toString('base64url') };
    for (const key of [secretKey(), { key: secretKey() }, jwk, { key: jwk }])
      expect(fail(key, 'HS256')).toEqual({
        code: 'invalid_options',
        message: `Key 1 ${NAMED} is a secret; give it as { secret }.`,
      });
  });
});

/** 2,048 bits that are a power of 65537 modulo every small prime, as all products of ROCA's primes are. */
function rocaModulus(): Buffer {
  let primorial = 1n;
  for (let n = 2n; n <= 167n; n++)
    if (![2n, 3n, 5n, 7n, 11n].some((f) => n !== f && n % f === 0n)) primorial *= n;
  let power = 1n;
  for (let at = 0; at < 1_234; at++) power = (power * 65_537n) % primorial;
  const factor = 2n ** 2_047n / primorial + 3n;
  const modulus = factor * primorial + power;
  return Buffer.from((modulus % 2n === 0n ? modulus + primorial : modulus).toString(16), 'hex');
}

/** The same key, said to be for PSS alone: id-RSASSA-PSS (RFC 4055 §3.1) in place of rsaEncryption. */
function pssOf(key: KeyObject): KeyObject {
  const pkcs1 = key.export({ type: 'pkcs1', format: 'der' });
  const algorithm = Buffer.from('300b06092a864886f70d01010a', 'hex');
  const bits = sequence(0x03, Buffer.concat([Buffer.from([0]), pkcs1]));
  const der = sequence(0x30, Buffer.concat([algorithm, bits]));
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

function sequence(tag: number, content: Buffer): Buffer {
  const head = Buffer.from([tag, 0x82, 0, 0]);
  head.writeUInt16BE(content.length, 2);
  return Buffer.concat([head, content]);
}

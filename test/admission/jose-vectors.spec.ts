/** The kinds that public JOSE vectors hold, with keys and tokens of our own: one right input each, and what must not get in. */
import { createHmac, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { loadIssuers } from '../../src/admission/issuer.js';
import { JwtTokenVerifier } from '../../src/admission/jwt-token-verifier.js';
import { Refusal } from '../../src/admission/refusals.js';
import { parseToken } from '../../src/admission/token.js';
import { TokenRefusedError } from '../../src/admission/token-verifier.js';

type Jwk = Readonly<Record<string, unknown>>;

const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const EC384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ecJwk = EC.publicKey.export({ format: 'jwk' }) as Jwk;
const ec384Jwk = EC384.publicKey.export({ format: 'jwk' }) as Jwk;
const rsaJwk = RSA.publicKey.export({ format: 'jwk' }) as Jwk;
const secret = randomBytes(32);
const octOf = (bytes: Buffer): Jwk => ({ kty: 'oct', k: bytes.toString('base64url') });

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const PAYLOAD = encode({ iss: 'x', aud: 'y' });
const tokenOf = (header: object, make: (signed: string) => Buffer): string => {
  const signed = `${encode(header)}.${PAYLOAD}`;
  return `${signed}.${make(signed).toString('base64url')}`;
};
const byEc =
  (key: KeyObject, hash = 'sha256') =>
  (signed: string): Buffer =>
    sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
const byMac =
  (key: Buffer | string, hash = 'sha256') =>
  (signed: string): Buffer =>
    createHmac(hash, key).update(signed).digest();
const es = (header: object = {}): string =>
  tokenOf({ alg: 'ES256', ...header }, byEc(EC.privateKey));
const hs = (header: object = {}): string => tokenOf({ alg: 'HS256', ...header }, byMac(secret));
const rs = tokenOf({ alg: 'RS256' }, (signed) =>
  sign('sha256', Buffer.from(signed), RSA.privateKey),
);
const raw = (bytes: Buffer) => (): Buffer => bytes;

/** Whether an issuer with these keys lets the token in; keys that boot refuses let nothing in. */
function isAccepted(token: string, algorithms: readonly string[], ...jwks: Jwk[]): boolean {
  const shape = parseToken(token, 8_192);
  if (shape instanceof Refusal) return false;
  const keys = jwks.map((jwk) => (jwk['kty'] === 'oct' ? { secret: jwk } : jwk));
  try {
    const issuers = loadIssuers([{ issuer: 'x', audience: 'y', algorithms, keys } as never], true);
    return !(new JwtTokenVerifier(issuers, true).verify(shape) instanceof TokenRefusedError);
  } catch {
    return false;
  }
}

/** The last character of an unpadded signature of 64 or 32 bytes has bits that no byte uses. */
const nonCanonical = (token: string): string => {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + digits[digits.indexOf(token.at(-1) ?? '') + 1];
};
const flattened = (token: string): string => {
  const [header, payload, signature] = token.split('.');
  return JSON.stringify({ protected: header, payload, signature });
};
const half = (fill: number): Buffer => Buffer.alloc(32, fill);
const ORDER = Buffer.from(
  'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  'hex',
);

describe('Of the kinds of public JOSE vectors', () => {
  it.each<[string, string, string[], Jwk[]]>([
    ['ES256', es(), ['ES256'], [ecJwk]],
    ['ES384', tokenOf({ alg: 'ES384' }, byEc(EC384.privateKey, 'sha384')), ['ES384'], [ec384Jwk]],
    ['RS256', rs, ['RS256'], [rsaJwk]],
    ['HS256', hs(), ['HS256'], [octOf(secret)]],
    ['use sig', es(), ['ES256'], [{ ...ecJwk, use: 'sig' }]],
    ['key_ops verify', es(), ['ES256'], [{ ...ecJwk, key_ops: ['verify'] }]],
    ['the alg of the JWK', es(), ['ES256'], [{ ...ecJwk, alg: 'ES256' }]],
  ])('a right token is accepted: %s', (_what, token, algorithms, jwks) => {
    expect(isAccepted(token, algorithms, ...jwks)).toBe(true);
  });

  const pem = RSA.publicKey.export({ format: 'pem', type: 'spki' }) as string;
  const short = (bytes: number, alg: string, hash: string): [string, string[], Jwk[]] => {
    const key = randomBytes(bytes);
    return [tokenOf({ alg }, byMac(key, hash)), [alg], [octOf(key)]];
  };

  it.each<[string, string, string[], Jwk[]]>([
    ['alg none', `${encode({ alg: 'none' })}.${PAYLOAD}.`, ['ES256'], [ecJwk]],
    ['alg None with a signature', es({ alg: 'None' }), ['ES256'], [ecJwk]],
    ['a MAC by a public key', tokenOf({ alg: 'HS256' }, byMac(pem)), ['RS256'], [rsaJwk]],
    ['RS256 under the name PS256', es({ alg: 'PS256' }), ['PS256', 'RS256'], [rsaJwk]],
    ['an alg that the issuer does not list', es(), ['RS256'], [rsaJwk, ecJwk]],
    ['use enc', es(), ['ES256'], [{ ...ecJwk, use: 'enc' }]],
    ['key_ops without verify', es(), ['ES256'], [{ ...ecJwk, key_ops: ['deriveKey'] }]],
    ['key_ops that are no list', es(), ['ES256'], [{ ...ecJwk, key_ops: 'verify' }]],
    ['another alg of the JWK', rs, ['RS256'], [{ ...rsaJwk, alg: 'PS256' }]],
    ['an encryption alg of the JWK', hs(), ['HS256'], [{ ...octOf(secret), alg: 'A256KW' }]],
    ['HS256 with 31 bytes', ...short(31, 'HS256', 'sha256')],
    ['HS384 with 47 bytes', ...short(47, 'HS384', 'sha384')],
    ['HS512 with 63 bytes', ...short(63, 'HS512', 'sha512')],
    [
      'a kid that is there twice',
      es({ kid: 'a' }),
      ['ES256', 'RS256'],
      [
        { ...ecJwk, kid: 'a' },
        { ...rsaJwk, kid: 'a' },
      ],
    ],
    ['RSA with e = 1', rs, ['RS256'], [{ ...rsaJwk, e: 'AQ' }]],
    ['RSA with an even e', rs, ['RS256'], [{ ...rsaJwk, e: 'Ag' }]],
    ['a curve that is not that of the alg', es(), ['ES256'], [ec384Jwk]],
    ['a JWK that names another curve', es(), ['ES256'], [{ ...ecJwk, crv: 'P-384' }]],
    ['a point that is not on the curve', es(), ['ES256'], [{ ...ecJwk, y: ecJwk['x'] }]],
    ['r = s = 0', tokenOf({ alg: 'ES256' }, raw(Buffer.alloc(64))), ['ES256'], [ecJwk]],
    [
      'r = 0',
      tokenOf({ alg: 'ES256' }, raw(Buffer.concat([half(0), half(1)]))),
      ['ES256'],
      [ecJwk],
    ],
    [
      'r = s = n',
      tokenOf({ alg: 'ES256' }, raw(Buffer.concat([ORDER, ORDER]))),
      ['ES256'],
      [ecJwk],
    ],
    [
      'a signature as DER',
      tokenOf({ alg: 'ES256' }, (signed) => sign('sha256', Buffer.from(signed), EC.privateKey)),
      ['ES256'],
      [ecJwk],
    ],
    ['base64url with bits that no byte uses (ES)', nonCanonical(es()), ['ES256'], [ecJwk]],
    ['base64url with bits that no byte uses (HS)', nonCanonical(hs()), ['HS256'], [octOf(secret)]],
    ['padding', `${es()}==`, ['ES256'], [ecJwk]],
    ['a blank in the signature', `${es()} `, ['ES256'], [ecJwk]],
    ['a shortened signature', es().slice(0, -4), ['ES256'], [ecJwk]],
    ['no signature', es().replace(/[^.]*$/, ''), ['ES256'], [ecJwk]],
    ['b64 false', es({ b64: false, crit: ['b64'] }), ['ES256'], [ecJwk]],
    ['an unknown crit', es({ crit: ['x'], x: 1 }), ['ES256'], [ecJwk]],
    ['an empty crit', es({ crit: [] }), ['ES256'], [ecJwk]],
    ['JSON serialization', flattened(es()), ['ES256'], [ecJwk]],
    ['a key of its own in the header', es({ jwk: ecJwk }), ['ES256'], [ec384Jwk]],
  ])('a wrong one is not: %s', (_what, token, algorithms, jwks) => {
    expect(isAccepted(token, algorithms, ...jwks)).toBe(false);
  });
});

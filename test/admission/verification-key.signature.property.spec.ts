import { JwtService } from '@nestjs/jwt';
import fc from 'fast-check';
import type { Algorithm } from 'jsonwebtoken';
import { signatureCheck } from '../../src/admission/verification-key.js';
import { ecPair, type KeyPair, pssPair, rsaPair, secretKey } from '../support/key-ring.js';
import { propertyRuns } from '../support/property-runs.js';
import { signToken } from '../support/sign-token.js';

const secret = secretKey(64);
const secretPair: KeyPair = { publicKey: secret, privateKey: secret };
const rsa = rsaPair();
const ALGORITHMS: [string, KeyPair][] = [
  ...['HS256', 'HS384', 'HS512'].map((name) => [name, secretPair] as [string, KeyPair]),
  ...['RS256', 'RS384', 'RS512'].map((name) => [name, rsa] as [string, KeyPair]),
  ...['PS256', 'PS384', 'PS512'].map((name) => [name, rsa] as [string, KeyPair]),
  ['PS256', pssPair('sha256', 32)],
  ['PS512', pssPair('sha512', 20)],
  ['ES256', ecPair('P-256')],
  ['ES384', ecPair('P-384')],
  ['ES512', ecPair('P-521')],
];

type Bytes = Uint8Array<ArrayBuffer>;
/** What becomes of the bytes of a signature on their way. */
const DAMAGE = fc.oneof(
  fc.constant((bytes: Bytes) => bytes),
  fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })).map(([at, value]) => (bytes: Bytes) => {
    bytes[at % bytes.length] = value;
    return bytes;
  }),
  fc.nat().map((length) => (bytes: Bytes) => bytes.slice(0, length % (bytes.length + 1))),
  fc.uint8Array({ minLength: 1, maxLength: 8 }).map((more) => (bytes: Bytes) => {
    return Uint8Array.from([...bytes, ...more]);
  }),
  fc.uint8Array({ maxLength: 600 }).map((other) => () => Uint8Array.from(other)),
);

describe.each(ALGORITHMS)('signatureCheck by %s', (algorithm, { publicKey, privateKey }) => {
  const check = signatureCheck(algorithm, publicKey);
  const oracle = new JwtService({
    [publicKey.type === 'secret' ? 'secret' : 'publicKey']: publicKey as unknown as string,
    verifyOptions: { algorithms: [algorithm as Algorithm] },
  });
  const ofOracle = (text: string, signature: Buffer): boolean => {
    try {
      oracle.verify(`${text}.${signature.toString('base64url')}`);
      return true;
    } catch {
      return false;
    }
  };
  const signed = (claims: object): [string, Buffer] => {
    const token = signToken({ alg: algorithm, typ: 'JWT' }, claims, privateKey);
    const end = token.lastIndexOf('.');
    return [token.slice(0, end), Buffer.from(token.slice(end + 1), 'base64url')];
  };

  it('answers as JwtService does, whatever became of the signature', () => {
    const [text, signature] = signed({ sub: 'alice' });
    fc.assert(
      fc.property(DAMAGE, (damage) => {
        const seen = Buffer.from(damage(Uint8Array.from(signature)));
        expect(check(text, seen)).toBe(ofOracle(text, seen));
      }),
      propertyRuns(200),
    );
  });

  it('believes every text that was signed, and none for another', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), (sub, at) => {
        const [text, signature] = signed({ sub });
        expect(check(text, signature)).toBe(true);
        const place = at % text.length;
        const other = text[place] === 'A' ? 'B' : 'A';
        const changed = text.slice(0, place) + other + text.slice(place + 1);
        expect(check(changed, signature)).toBe(false);
      }),
      propertyRuns(50),
    );
  });
});

const UNBOUND = ALGORITHMS.filter(([, { publicKey }]) => publicKey.asymmetricKeyType !== 'rsa-pss');

it.each(UNBOUND)(
  'by %s nobody is believed who signs by another digest',
  (algorithm, { publicKey, privateKey }) => {
    const signed = signToken({ alg: algorithm, typ: 'JWT' }, { sub: 'alice' }, privateKey);
    const check = signatureCheck(algorithm, publicKey);
    const longer = algorithm.endsWith('256') ? '384' : '256';
    const text = signed.slice(0, signed.lastIndexOf('.'));
    const token = signToken(
      { alg: algorithm, typ: 'JWT' },
      { sub: 'alice' },
      privateKey,
      `${algorithm.slice(0, 2)}${longer}`,
    );
    const end = token.lastIndexOf('.');
    expect(token.slice(0, end)).toBe(text);
    expect(check(text, Buffer.from(token.slice(end + 1), 'base64url'))).toBe(false);
  },
);

it('a salt of another length than the digest is refused (RFC 7518 §3.5)', async () => {
  const { constants, sign } = await import('node:crypto');
  const text = 'e30.e30';
  const signWith = (saltLength: number): Buffer =>
    sign('sha256', Buffer.from(text), {
      key: rsa.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength,
    });
  const check = signatureCheck('PS256', rsa.publicKey);
  expect([20, 32, 64].map((length) => check(text, signWith(length)))).toEqual([false, true, false]);
});

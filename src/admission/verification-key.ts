import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import { RoomgateError } from '../core/errors.js';
import { quote, refuseUnknown } from '../core/option-rules.js';
import type { IssuerKey, TokenAlgorithm } from './admission.options.js';

export interface VerificationKey {
  readonly kid?: string;
  /** A `KeyObject`, because verifying with text parses the key again for every token (about 0.4 ms). */
  readonly key: KeyObject;
  /** One check for each algorithm of its issuer that the key fits. */
  readonly checks: ReadonlyMap<string, SignatureCheck>;
  /** What one check costs; a check by P-256, by RSA of 2,048 bits or by a secret costs 1. */
  readonly cost: number;
}

const MIN_RSA_BITS = 2048;
/** OpenSSL verifies nothing with a longer modulus, so every token would be refused. */
const MAX_RSA_BITS = 16_384;
/** The upper limit of FIPS 186-5 §5.4: a larger exponent only makes each check slower. */
const MAX_RSA_EXPONENT = 2n ** 256n;
const CURVES: Record<string, string> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};
/** OpenSSL has fast code for P-256 alone. */
const CURVE_COSTS: Record<string, number> = { secp384r1: 8, secp521r1: 16 };

type Jwk = Readonly<Record<string, unknown>>;

/**
 * Loads one key and finds what it may verify (RFC 7517, RFC 7518 §3). A JWK is used as its `use`, `key_ops` and `alg` say.
 * @param position Of the key in its list, from 1: names a key without `kid` in errors.
 * @throws RoomgateError `invalid_options` or `unsafe_options`; the key itself is never quoted.
 */
export function loadKey(
  given: IssuerKey,
  position: number,
  algorithms: readonly TokenAlgorithm[],
  ofIssuer: string,
): VerificationKey {
  const { kid, material, isSecret } = unwrap(given, ` of key ${position} ${ofIssuer}`);
  if (
    kid !== undefined &&
    (typeof kid !== 'string' || kid === '' || Buffer.byteLength(kid) > 128)
  ) {
    throw new RoomgateError(
      'invalid_options',
      `Expected "kid" of key ${position} ${ofIssuer} to be a string of 1 to 128 bytes, got ${quote(kid)}.`,
    );
  }
  const name = `Key ${kid === undefined ? position : quote(kid)} ${ofIssuer}`;
  const jwk = isJwk(material) ? material : undefined;
  const offered = jwk ? algorithmsOf(jwk, algorithms, name) : algorithms;
  const key = isSecret ? loadSecret(material, offered, name) : loadPublic(material, name);
  const fitting = offered.filter((algorithm) => fits(key, algorithm));
  if (fitting.length === 0)
    invalid(`${name} is ${describe(key)}, which fits none of its algorithms`, algorithms);
  const checks = new Map(fitting.map((each) => [each, signatureCheck(each, key)]));
  return Object.freeze({ kid, key, checks, cost: costOf(key) });
}

interface GivenKey {
  readonly kid?: unknown;
  readonly material: unknown;
  readonly isSecret: boolean;
}

/** Of a key in a record, the `kid` of the record counts before that of a JWK in it. */
function unwrap(given: IssuerKey, where: string): GivenKey {
  if (!isJwk(given)) return { material: given, isSecret: false };
  const record: Jwk = given;
  const { kid } = record;
  for (const member of ['secret', 'key']) {
    if (!(member in record)) continue;
    // A misspelt "kid" would silently be none.
    refuseUnknown(record, ['kid', member], 'member', where);
    const material = record[member];
    const inner = isJwk(material) ? material['kid'] : undefined;
    return { kid: kid === undefined ? inner : kid, material, isSecret: member === 'secret' };
  }
  return { kid, material: record, isSecret: false };
}

/** The algorithms that a JWK may be used for (RFC 7517 §4.2 to §4.4). */
function algorithmsOf(
  { use, key_ops: operations, alg }: Jwk,
  algorithms: readonly TokenAlgorithm[],
  name: string,
): readonly TokenAlgorithm[] {
  if (use !== undefined && use !== 'sig')
    unsafe(
      `${name} has "use" ${quote(use)}. Expected "sig": a key for something else must not verify signatures.`,
    );
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    unsafe(
      `${name} has "key_ops" ${quote(operations)}. Expected a list with "verify": a key for something else must not verify signatures.`,
    );
  if (alg === undefined) return algorithms;
  const own = algorithms.filter((algorithm) => algorithm === alg);
  if (own.length === 0)
    invalid(`${name} has "alg" ${quote(alg)}, which is none of its algorithms`, algorithms);
  return own;
}

function loadSecret(
  given: unknown,
  algorithms: readonly TokenAlgorithm[],
  name: string,
): KeyObject {
  const key = given instanceof KeyObject ? given : createSecretKey(secretBytes(given, name));
  if (key.type !== 'secret') refuseSecret(name);
  const bytes = key.symmetricKeySize ?? 0;
  const [weakest] = algorithms.filter(isMac).toSorted();
  if (weakest && bytes < macBytes(weakest))
    unsafe(
      `${name} has ${bytes} bytes; at least ${macBytes(weakest)} are required for ${weakest} (RFC 7518 §3.2).`,
    );
  return key;
}

/** The bytes that are used, as they stand: nothing is trimmed or decoded but the `k` of a JWK. */
function secretBytes(given: unknown, name: string): Uint8Array {
  if (isJwk(given) && given['kty'] === 'oct') return decodeK(given['k'], name);
  const bytes = typeof given === 'string' ? Buffer.from(given) : given;
  if (!isUint8Array(bytes)) return refuseSecret(name);
  // Others know a public key, and whoever knows the secret signs.
  if (Buffer.from(bytes).includes('-----BEGIN '))
    unsafe(
      `${name} is a PEM key, which is no shared secret. Give a public key as it is, without { secret }.`,
    );
  // Every byte that is not UTF-8 has become the same character, so the key is another and weaker than it looks.
  if (typeof given === 'string' && /\ufffd|\p{Surrogate}/u.test(given))
    unsafe(
      `${name} is text that has lost bytes in decoding. Give the bytes: a Buffer, or a file named by ROOMGATE_SECRET_FILE.`,
    );
  return bytes;
}

function decodeK(k: unknown, name: string): Buffer {
  const bytes = Buffer.from(typeof k === 'string' ? k : '', 'base64url');
  if (bytes.toString('base64url') !== k)
    throw new RoomgateError(
      'invalid_options',
      `${name} is a JWK whose "k" is not base64url without padding (RFC 7518 §6.4.1).`,
    );
  return bytes;
}

function refuseSecret(name: string): never {
  throw new RoomgateError(
    'invalid_options',
    `Expected the secret of ${lower(name)} to be text, bytes, a secret KeyObject or a JWK of type "oct".`,
  );
}

function loadPublic(given: unknown, name: string): KeyObject {
  // Editors and platforms put a byte order mark in front of text, before which PEM is not recognised.
  const pem =
    isJwk(given) || given instanceof KeyObject ? '' : String(given).replace(/^\ufeff/, '');
  // createPublicKey would quietly derive the public half; a server that only verifies must not hold the private one.
  const isPrivate =
    given instanceof KeyObject
      ? given.type === 'private'
      : isJwk(given)
        ? 'd' in given
        : pem.includes('PRIVATE KEY');
  if (isPrivate) unsafe(`${name} is a private key. Configure the public key only.`);
  if (given instanceof KeyObject ? given.type === 'secret' : isJwk(given) && given['kty'] === 'oct')
    throw new RoomgateError('invalid_options', `${name} is a secret; give it as { secret }.`);
  if (pem.split('-----BEGIN ').length > 2)
    throw new RoomgateError(
      'invalid_options',
      `${name} is PEM text with more than one key, of which only the first would be used. Give each as a key of its own.`,
    );
  const key = readPublic(given, pem, name);
  checkRsa(key, name);
  return key;
}

function readPublic(given: unknown, pem: string, name: string): KeyObject {
  if (given instanceof KeyObject) return given;
  try {
    return isJwk(given)
      ? createPublicKey({ key: given as JsonWebKey, format: 'jwk' })
      : createPublicKey(pem);
  } catch {
    throw new RoomgateError(
      'invalid_options',
      `${name} could not be read as a PEM public key or JWK (RFC 7517).`,
    );
  }
}

/** Refuses RSA keys by which somebody without the private key could sign. */
function checkRsa(key: KeyObject, name: string): void {
  const { modulusLength: bits, publicExponent: e } = key.asymmetricKeyDetails ?? {};
  if (bits === undefined || e === undefined) return;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS)
    unsafe(
      `${name} is RSA of ${bits} bits; at least ${MIN_RSA_BITS} and at most ${MAX_RSA_BITS} are required.`,
    );
  if (e < 3n || e % 2n === 0n || e >= MAX_RSA_EXPONENT)
    unsafe(
      `${name} is RSA with the public exponent ${quote(String(e))}; an odd one from 3 to 2^256 is required, usually 65537.`,
    );
  const modulus = rsaModulus(key);
  if (modulus % 2n === 0n)
    unsafe(`${name} is RSA with an even modulus, which anybody can factor. Make a new key.`);
  if (isRocaModulus(modulus))
    unsafe(
      `${name} is RSA made by a chip whose keys can be factored (ROCA, CVE-2017-15361). Make a new key.`,
    );
}

function fits(key: KeyObject, algorithm: TokenAlgorithm): boolean {
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return key.type === 'secret' && (key.symmetricKeySize ?? 0) >= macBytes(algorithm);
    case 'RS':
      return key.asymmetricKeyType === 'rsa';
    case 'PS':
      return key.asymmetricKeyType === 'rsa' || fitsPss(key, Number(algorithm.slice(2)));
    default:
      return (
        key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === CURVES[algorithm]
      );
  }
}

/** A key for PSS alone may say by which digest and salt (RFC 4055 §3.1); RFC 7518 §3.5 wants one digest for all, and no longer salt. */
function fitsPss(key: KeyObject, bits: number): boolean {
  if (key.asymmetricKeyType !== 'rsa-pss') return false;
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (hashAlgorithm === undefined) return true;
  const digest = `sha${bits}`;
  return hashAlgorithm === digest && mgf1HashAlgorithm === digest && saltLength <= bits / 8;
}

function costOf({ asymmetricKeyDetails: details = {} }: KeyObject): number {
  const { modulusLength = MIN_RSA_BITS, namedCurve = '' } = details;
  return CURVE_COSTS[namedCurve] ?? Math.ceil((modulusLength / MIN_RSA_BITS) ** 2);
}

export function isMac(algorithm: string): boolean {
  return algorithm.startsWith('HS');
}

/** Bytes that a secret needs at least: as many as the hash has (RFC 7518 §3.2). */
export function macBytes(algorithm: string): number {
  return Number(algorithm.slice(2)) / 8;
}

function describe(key: KeyObject): string {
  return key.type === 'secret'
    ? 'a shared secret'
    : `of type ${key.asymmetricKeyType} ${key.asymmetricKeyDetails?.namedCurve ?? ''}`.trimEnd();
}

function isJwk(value: unknown): value is Jwk {
  return (
    typeof value === 'object' &&
    value !== null &&
    !isUint8Array(value) &&
    !(value instanceof KeyObject)
  );
}

function lower(name: string): string {
  return name.replace(/^K/, 'k');
}

function invalid(what: string, algorithms: readonly TokenAlgorithm[]): never {
  throw new RoomgateError('invalid_options', `${what} (${algorithms.join(', ')}).`);
}

function unsafe(message: string): never {
  throw new RoomgateError('unsafe_options', message);
}

/** Whether a signature is that of a text. */
type SignatureCheck = (text: string, signature: Buffer) => boolean;

/** RFC 7518 §3.4 puts the two numbers of an ECDSA signature side by side, §3.5 salts as long as the digest. */
const PARAMETERS: Readonly<Record<string, object>> = {
  RS: { padding: constants.RSA_PKCS1_PADDING },
  PS: {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  },
  ES: { dsaEncoding: 'ieee-p1363' },
};

/**
 * How one key checks signatures by one algorithm (RFC 7518 §3), HS, RS, PS or ES with 256, 384 or 512. Both are ours: nothing of
 * the token has a say in it. The tests compare the answers with those of `JwtService` of `@nestjs/jwt`.
 */
export function signatureCheck(algorithm: string, key: KeyObject): SignatureCheck {
  const digest = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('HS')) return (text, signature) => hasMac(digest, key, text, signature);
  const input = { key, ...PARAMETERS[algorithm.slice(0, 2)] };
  return (text, signature) => verify(digest, Buffer.from(text, 'latin1'), input, signature);
}

function hasMac(digest: string, key: KeyObject, text: string, signature: Buffer): boolean {
  const mac = createHmac(digest, key).update(text, 'latin1').digest();
  return mac.length === signature.length && timingSafeEqual(mac, signature);
}

/** The modulus of a public RSA key, also of one for PSS alone, which has no JWK. */
function rsaModulus(key: KeyObject): bigint {
  const plain =
    key.asymmetricKeyType === 'rsa'
      ? key
      : createPublicKey({ key: pkcs1Of(key), format: 'der', type: 'pkcs1' });
  const { n = '' } = plain.export({ format: 'jwk' });
  return BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
}

/**
 * Whether the modulus has the fingerprint of keys made by Infineon's RSALib (ROCA, CVE-2017-15361; Nemec and others 2017).
 * Their primes are powers of 65537 modulo every small prime, and so is the product. One key in 2^27 of others looks the same.
 */
function isRocaModulus(modulus: bigint): boolean {
  return SMALL_PRIMES.every((prime) => isPowerOf65537(Number(modulus % BigInt(prime)), prime));
}

const SMALL_PRIMES = Array.from({ length: 165 }, (_, at) => at + 3).filter(isPrime);

function isPrime(number: number): boolean {
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false;
  return true;
}

function isPowerOf65537(rest: number, prime: number): boolean {
  let power = 1;
  do {
    if (power === rest) return true;
    power = (power * 65_537) % prime;
  } while (power !== 1);
  return false;
}

/** The RSAPublicKey (RFC 8017 §A.1.1), which SubjectPublicKeyInfo holds as a bit string behind the algorithm. */
function pkcs1Of(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' });
  const algorithm = contentOf(spki, 0).start;
  const bits = contentOf(spki, contentOf(spki, algorithm).end);
  // The first byte counts unused bits, of which there are none.
  return spki.subarray(bits.start + 1, bits.end);
}

/** Where the content of the DER value at `at` begins and ends (X.690 §8.1). */
function contentOf(der: Buffer, at: number): { start: number; end: number } {
  const first = der.readUInt8(at + 1);
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const start = at + 2 + lengthBytes;
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  return { start, end: start + length };
}

import { createPublicKey, createSecretKey, KeyObject, type JsonWebKey } from 'node:crypto';
import { RoomgateError } from '../roomgate.errors.js';
import { quote } from '../roomgate.rules.js';
import type { IssuerKey, PublicKeyInput, TokenAlgorithm } from './admission.options.js';
import { type SignatureCheck, signatureCheck } from './signature.js';

export interface VerificationKey {
  readonly kid?: string;
  /** A `KeyObject`, because verifying with text parses the key again for every token (about 0.4 ms). */
  readonly key: KeyObject;
  /** By each algorithm of its issuer that the key fits. */
  readonly checks: ReadonlyMap<string, SignatureCheck>;
}

const MIN_RSA_BITS = 2048;
const MIN_SECRET_BYTES = 32;
const CURVES: Record<string, string> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};

/**
 * Loads one key and finds what it may verify (RFC 7518 §3).
 * @throws RoomgateError `invalid_options` or `unsafe_options`; the key itself is never quoted.
 */
export function loadKey(
  given: IssuerKey,
  algorithms: readonly TokenAlgorithm[],
  named: string,
): VerificationKey {
  const { kid, key } = unwrap(given, named);
  if (
    kid !== undefined &&
    (typeof kid !== 'string' || kid === '' || Buffer.byteLength(kid) > 128)
  ) {
    throw new RoomgateError(
      'invalid_options',
      `Expected "kid" of a key ${named} to be a string of 1 to 128 bytes, got ${quote(kid)}.`,
    );
  }
  const fitting = algorithms.filter((algorithm) => fits(key, algorithm));
  if (fitting.length === 0) {
    throw new RoomgateError(
      'invalid_options',
      `A key ${named} is ${describe(key)}, which fits none of its algorithms (${algorithms.join(', ')}).`,
    );
  }
  const checks = new Map(fitting.map((each) => [each, signatureCheck(each, key)]));
  return Object.freeze({ kid, key, checks });
}

function unwrap(given: IssuerKey, named: string): { kid?: string; key: KeyObject } {
  if (isRecord(given) && 'secret' in given) {
    const { kid, secret } = given as { kid?: string; secret: string | Buffer | KeyObject };
    return { kid, key: loadSecret(secret, named) };
  }
  if (isRecord(given) && 'key' in given) {
    const { kid, key } = given as { kid?: string; key: PublicKeyInput };
    return { kid, key: loadPublic(key, named) };
  }
  const kid = isRecord(given) && typeof given['kid'] === 'string' ? given['kid'] : undefined;
  return { kid, key: loadPublic(given as PublicKeyInput, named) };
}

function loadSecret(secret: string | Buffer | KeyObject, named: string): KeyObject {
  const bytes = secret instanceof KeyObject ? undefined : toBytes(secret);
  // Others know a public key, and whoever knows the secret signs.
  if (bytes?.includes('-----BEGIN '))
    throw new RoomgateError(
      'unsafe_options',
      `A secret ${named} is a PEM key, which is no shared secret. Give a public key as it is, without { secret }.`,
    );
  const key = bytes ? createSecretKey(bytes) : secret;
  if (!(key instanceof KeyObject) || key.type !== 'secret')
    throw new RoomgateError(
      'invalid_options',
      `Expected the secret of a key ${named} to be text, bytes or a secret KeyObject.`,
    );
  if ((key.symmetricKeySize ?? 0) < MIN_SECRET_BYTES) {
    throw new RoomgateError(
      'unsafe_options',
      `A secret ${named} has ${key.symmetricKeySize} bytes; at least ${MIN_SECRET_BYTES} (256 bits) are required.`,
    );
  }
  return key;
}

/** Undefined for what holds no bytes: `Buffer.from` would throw with the value in its message. */
function toBytes(secret: unknown): Buffer | undefined {
  if (typeof secret === 'string') return Buffer.from(secret);
  return Buffer.isBuffer(secret) ? secret : undefined;
}

function loadPublic(given: PublicKeyInput, named: string): KeyObject {
  // createPublicKey would quietly derive the public half; a server that only verifies must not hold the private one.
  const isPrivate =
    given instanceof KeyObject
      ? given.type === 'private'
      : isRecord(given)
        ? 'd' in given
        : /PRIVATE KEY/.test(String(given));
  if (isPrivate)
    throw new RoomgateError(
      'unsafe_options',
      `A key ${named} is a private key. Configure the public key only.`,
    );
  if (given instanceof KeyObject && given.type === 'secret')
    throw new RoomgateError(
      'invalid_options',
      `A key ${named} is a secret; give it as { secret }.`,
    );
  let key: KeyObject;
  try {
    key =
      given instanceof KeyObject
        ? given
        : isRecord(given)
          ? createPublicKey({ key: given as JsonWebKey, format: 'jwk' })
          : createPublicKey(given);
  } catch {
    throw new RoomgateError(
      'invalid_options',
      `A key ${named} could not be read as a PEM public key or JWK (RFC 7517).`,
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < MIN_RSA_BITS) {
    throw new RoomgateError(
      'unsafe_options',
      `A key ${named} is RSA of ${bits} bits; at least ${MIN_RSA_BITS} are required.`,
    );
  }
  return key;
}

function fits(key: KeyObject, algorithm: TokenAlgorithm): boolean {
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return key.type === 'secret';
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

function describe(key: KeyObject): string {
  return key.type === 'secret'
    ? 'a shared secret'
    : `of type ${key.asymmetricKeyType} ${key.asymmetricKeyDetails?.namedCurve ?? ''}`.trimEnd();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Buffer.isBuffer(value) &&
    !(value instanceof KeyObject)
  );
}

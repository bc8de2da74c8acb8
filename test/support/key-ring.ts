import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function ecPair(namedCurve = 'P-256'): KeyPair {
  return generateKeyPairSync('ec', { namedCurve });
}

export function rsaPair(modulusLength = 2048): KeyPair {
  return generateKeyPairSync('rsa', { modulusLength });
}

/** For PSS alone, and bound to digests and a salt. */
export function pssPair(
  hashAlgorithm: string,
  saltLength: number,
  mgf1HashAlgorithm = hashAlgorithm,
): KeyPair {
  const hashes = { hashAlgorithm, mgf1HashAlgorithm };
  // The types want the salt as text, and Node wants the number that it is.
  const salt = saltLength as unknown as string;
  return generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...hashes, saltLength: salt });
}

export function secretKey(bytes = 32): KeyObject {
  return createSecretKey(randomBytes(bytes));
}

export function toPem(key: KeyObject): string {
  return key.type === 'private'
    ? (key.export({ type: 'pkcs8', format: 'pem' }) as string)
    : (key.export({ type: 'spki', format: 'pem' }) as string);
}

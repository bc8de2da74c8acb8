import { createPublicKey, type KeyObject } from 'node:crypto';

/** The modulus of a public RSA key, also of one for PSS alone, which has no JWK. */
export function rsaModulus(key: KeyObject): bigint {
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
export function isRocaModulus(modulus: bigint): boolean {
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

import { constants, createHmac, type KeyObject, sign } from 'node:crypto';

/** One part of a token: an object as JSON, text as it stands. */
export function encodePart(part: unknown): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** Signs whatever it is given (RFC 7515, RFC 7518 §3): libraries refuse to sign the odd tokens that tests are about. */
export function signToken(
  header: unknown,
  payload: unknown,
  key: KeyObject,
  algorithm = String((header as { alg?: unknown }).alg),
): string {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${signatureOf(Buffer.from(input), key, algorithm).toString('base64url')}`;
}

function signatureOf(input: Buffer, key: KeyObject, algorithm: string): Buffer {
  const digest = `sha${algorithm.slice(2)}`;
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return createHmac(digest, key).update(input).digest();
    case 'RS':
      return sign(digest, input, key);
    case 'PS':
      return sign(digest, input, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    default:
      return sign(digest, input, { key, dsaEncoding: 'ieee-p1363' });
  }
}

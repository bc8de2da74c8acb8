import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';

/** Whether a signature is that of a text. */
export type SignatureCheck = (text: string, signature: Buffer) => boolean;

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
  if (algorithm.startsWith('HS')) return (text, signature) => isMac(digest, key, text, signature);
  const input = { key, ...PARAMETERS[algorithm.slice(0, 2)] };
  return (text, signature) => verify(digest, Buffer.from(text, 'latin1'), input, signature);
}

function isMac(digest: string, key: KeyObject, text: string, signature: Buffer): boolean {
  const mac = createHmac(digest, key).update(text, 'latin1').digest();
  return mac.length === signature.length && timingSafeEqual(mac, signature);
}

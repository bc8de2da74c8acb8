// Signs tokens with node:crypto alone: the load generator needs thousands before a phase begins.
import { createHmac, createPrivateKey, sign } from 'node:crypto';

export const ISSUER = 'https://id.bench.test';
export const AUDIENCE = 'bench';

/** Long enough for the longest run, below the 24 h that roomgate grants a token at most. */
const LIFE_SECONDS = 6 * 3600;

/**
 * @param {import('./keys.js').Algorithm} algorithm
 * @param {string} signKey
 * @returns {(subject: string, room: string) => string}
 */
export function createMint(algorithm, signKey) {
  const header = encode({ alg: algorithm, typ: 'JWT' });
  const signatureOf = createSigner(algorithm, signKey);
  const iat = Math.floor(Date.now() / 1000);
  return (subject, room) => {
    const claims = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: subject,
      iat,
      exp: iat + LIFE_SECONDS,
      rooms: [room],
    };
    const signed = `${header}.${encode(claims)}`;
    return `${signed}.${signatureOf(signed)}`;
  };
}

/**
 * @param {import('./keys.js').Algorithm} algorithm
 * @param {string} signKey
 * @returns {(signed: string) => string}
 */
function createSigner(algorithm, signKey) {
  if (algorithm === 'HS256') {
    return (signed) => createHmac('sha256', signKey).update(signed).digest('base64url');
  }
  const key = createPrivateKey(signKey);
  // JWT wants the two numbers of an ES256 signature side by side, not OpenSSL's DER.
  const dsaEncoding = /** @type {const} */ ('ieee-p1363');
  return (signed) =>
    sign('sha256', Buffer.from(signed), { key, dsaEncoding }).toString('base64url');
}

/** @param {object} value */
function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

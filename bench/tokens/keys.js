// The keys of one run: made anew each time, so that no key is ever stored.
import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** @typedef {'HS256' | 'ES256' | 'RS256'} Algorithm */
/** @typedef {{ sign: string, verify: string }} KeyTexts  a text for HS256, PEM for the others */

/** @type {Algorithm[]} */
export const ALGORITHMS = ['HS256', 'ES256', 'RS256'];

/**
 * @param {Algorithm} algorithm
 * @returns {KeyTexts}
 */
export function createKeys(algorithm) {
  if (algorithm === 'HS256') {
    const secret = randomBytes(32).toString('base64url');
    return { sign: secret, verify: secret };
  }
  const { privateKey, publicKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    sign: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    verify: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

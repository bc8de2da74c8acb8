// The peers' admission: one token check, the same for all of them, written as one should: keys become
// KeyObjects once, the algorithm is ours and not the token's, and the claims are checked.
import { createPublicKey, createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';

const BEARER = /^Bearer +(\S+)$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * @param {import('./server.types.js').ServerOptions} options
 * @param {(token: string) => any} [verify]  the claims, or it throws
 * @returns {(authorization: string | undefined, room: string) => import('./server.types.js').Claims | null}
 */
export function createDoor(options, verify = createVerify(options)) {
  return (authorization, room) => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (!token || !UUID.test(room)) return null;
    try {
      const claims = verify(token);
      return claims.rooms.includes(room) ? claims : null;
    } catch {
      return null;
    }
  };
}

/** @param {import('./server.types.js').ServerOptions} options */
function createVerify({ algorithm, verifyKey, issuer, audience }) {
  const key = loadKey(algorithm, verifyKey);
  const rules = { algorithms: [algorithm], issuer, audience };
  return (/** @type {string} */ token) => /** @type {any} */ (jwt.verify(token, key, rules));
}

/**
 * @param {import('../tokens/keys.js').Algorithm} algorithm
 * @param {string} text
 */
export function loadKey(algorithm, text) {
  return algorithm === 'HS256' ? createSecretKey(Buffer.from(text)) : createPublicKey(text);
}

/** @param {{ exp: number }} claims */
export function isLive(claims) {
  return claims.exp * 1000 > Date.now();
}

// The peers' admission: one token check, the same for all of them, written as one should: keys become
// KeyObjects once, the algorithm is ours and not the token's, and the claims are checked.
import { createPublicKey, createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';

const BEARER = /^Bearer +(\S+)$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * @param {import('./server.types.js').ServerOptions} options
 * @returns {(authorization: string | undefined, room: string) => import('./server.types.js').Claims | null}
 */
export function createDoor({ algorithm, verifyKey, issuer, audience }) {
  const key =
    algorithm === 'HS256' ? createSecretKey(Buffer.from(verifyKey)) : createPublicKey(verifyKey);
  const rules = { algorithms: [algorithm], issuer, audience };
  return (authorization, room) => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (!token || !UUID.test(room)) return null;
    try {
      const claims = /** @type {any} */ (jwt.verify(token, key, rules));
      return claims.rooms.includes(room) ? claims : null;
    } catch {
      return null;
    }
  };
}

/** @param {{ exp: number }} claims */
export function isLive(claims) {
  return claims.exp * 1000 > Date.now();
}

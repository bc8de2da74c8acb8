// The control without a library for the token and with its two first writes in one: no server on Node's HTTP and `ws` that does
// anything of its own gets below.
import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import { createDoor, loadKey } from './door.js';
import { startWs } from './ws.js';

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  return startWs(createDoor(options, createVerify(options)), (answer, socket) => {
    socket.cork();
    answer(true);
    socket.uncork();
  });
}

/** @param {import('./server.types.js').ServerOptions} options */
function createVerify({ algorithm, verifyKey, issuer, audience }) {
  const key = loadKey(algorithm, verifyKey);
  // What other algorithms want besides (RFC 7518 §3) does no harm to them.
  const input = /** @type {const} */ ({ key, dsaEncoding: 'ieee-p1363' });
  /** @type {(text: string, signature: Buffer) => boolean} */
  const isSigned =
    algorithm === 'HS256'
      ? (text, signature) =>
          timingSafeEqual(createHmac('sha256', key).update(text, 'latin1').digest(), signature)
      : (text, signature) => verify('sha256', Buffer.from(text, 'latin1'), input, signature);
  return (/** @type {string} */ token) => {
    const end = token.lastIndexOf('.');
    if (!isSigned(token.slice(0, end), Buffer.from(token.slice(end + 1), 'base64url')))
      throw REFUSED;
    const part = token.slice(token.indexOf('.') + 1, end);
    const claims = JSON.parse(Buffer.from(part, 'base64url').toString());
    const isOurs = claims.iss === issuer && claims.aud === audience;
    if (!isOurs || claims.exp * 1000 <= Date.now()) throw REFUSED;
    return claims;
  };
}

const REFUSED = new Error('refused');

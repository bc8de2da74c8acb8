// The upgrade request as bytes, built before a phase begins.
import { createHash } from 'node:crypto';

/** One key for all: servers do not look for repeats, and the answer can be checked by comparison. */
const KEY = 'cm9vbWdhdGUgYmVuY2ggIQ==';
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What must stand in every 101. */
export const EXPECTED_ACCEPT = createHash('sha1')
  .update(KEY + MAGIC)
  .digest('base64');

/** Clients come by name, as they do through a proxy; roomgate only answers to names that it knows. */
export const HOST = 'bench.test';

/**
 * @param {string} target
 * @param {string} token
 * @returns {Buffer}
 */
export function upgradeRequest(target, token) {
  return Buffer.from(
    `GET ${target} HTTP/1.1\r\n` +
      `Host: ${HOST}\r\n` +
      'Connection: Upgrade\r\n' +
      'Upgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\n' +
      `Sec-WebSocket-Key: ${KEY}\r\n` +
      `Authorization: Bearer ${token}\r\n` +
      '\r\n',
  );
}

// Builds a client's frame once, before a phase begins. A mask is required, but may be any: one of
// zeros would spare servers no work, since none looks at it, yet a real one keeps the bytes honest.
import { randomBytes } from 'node:crypto';

export const OPCODE = { text: 0x1, close: 0x8, ping: 0x9, pong: 0xa };

const FIN = 0x80;
const MASKED = 0x80;

/**
 * @param {number} opcode
 * @param {Buffer | string} payload
 * @returns {Buffer}
 */
export function maskedFrame(opcode, payload) {
  const body = Buffer.from(payload);
  const head =
    body.length < 126
      ? Buffer.from([FIN | opcode, MASKED | body.length])
      : Buffer.from([FIN | opcode, MASKED | 126, body.length >> 8, body.length & 0xff]);
  if (body.length > 0xffff) throw new RangeError('frames above 64 KiB are not needed here');
  const mask = randomBytes(4);
  for (let i = 0; i < body.length; i++) body[i] ^= mask[i & 3];
  return Buffer.concat([head, mask, body]);
}

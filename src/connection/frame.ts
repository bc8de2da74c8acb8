import { RoomgateError } from '../core/errors.js';

const TEXT = 0x81;
const BINARY = 0x82;
const LONGEST_HEAD_BYTES = 10;

/** Bytes that a text frame of so many payload bytes has. */
export function frameBytes(payloadBytes: number): number {
  return payloadBytes + (payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10);
}

/**
 * One unmasked, unfragmented text frame (RFC 6455 §5.2), built once and written to any number of sockets: the buffer must
 * never be changed afterwards. Same bytes as `ws` sends; a test compares them for every length of the header.
 */
export function encodeTextFrame(text: string): Buffer {
  const payloadBytes = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(frameBytes(payloadBytes));
  writeTextFrame(frame, 0, text, payloadBytes);
  return frame;
}

/** Writes the same frame into a buffer that has room for it; returns where it ends. */
export function writeTextFrame(
  target: Buffer,
  at: number,
  text: string,
  payloadBytes: number,
): number {
  const offset = writeHead(target, at, TEXT, payloadBytes);
  // As many bytes as characters: all of it is ASCII, which needs no encoder.
  const encoding = payloadBytes === text.length ? 'latin1' : 'utf8';
  return offset + target.write(text, offset, payloadBytes, encoding);
}

/** The same for bytes that are not text. @throws RoomgateError `invalid_data` */
export function encodeBinaryFrame(payload: Uint8Array): Buffer {
  if (!(payload instanceof Uint8Array))
    throw new RoomgateError('invalid_data', 'Bytes are a Uint8Array.');
  const frame = Buffer.allocUnsafe(LONGEST_HEAD_BYTES + payload.length);
  const offset = writeHead(frame, 0, BINARY, payload.length);
  frame.set(payload, offset);
  return frame.subarray(0, offset + payload.length);
}

function writeHead(target: Buffer, at: number, opcode: number, payloadBytes: number): number {
  target[at] = opcode;
  if (payloadBytes < 126) {
    target[at + 1] = payloadBytes;
    return at + 2;
  }
  if (payloadBytes < 65_536) {
    target[at + 1] = 126;
    return target.writeUInt16BE(payloadBytes, at + 2);
  }
  target[at + 1] = 127;
  target.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), at + 2);
  return target.writeUInt32BE(payloadBytes % 2 ** 32, at + 6);
}

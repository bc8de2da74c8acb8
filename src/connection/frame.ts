const TEXT = 0x81;

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
  target[at] = TEXT;
  let offset = at + 2;
  if (payloadBytes < 126) target[at + 1] = payloadBytes;
  else if (payloadBytes < 65_536) {
    target[at + 1] = 126;
    offset = target.writeUInt16BE(payloadBytes, at + 2);
  } else {
    target[at + 1] = 127;
    target.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), at + 2);
    offset = target.writeUInt32BE(payloadBytes % 2 ** 32, at + 6);
  }
  // As many bytes as characters: all of it is ASCII, which needs no encoder.
  const encoding = payloadBytes === text.length ? 'latin1' : 'utf8';
  return offset + target.write(text, offset, payloadBytes, encoding);
}

/**
 * Cuts bytes that `encodeTextFrame` made into pieces of whole frames: as many as fit into `maxBytes`, or one that is larger.
 */
export function cutFrames(bytes: Buffer, maxBytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length;) {
    const next = at + frameLength(bytes, at);
    if (at > from && next - from > maxBytes) {
      pieces.push(bytes.subarray(from, at));
      from = at;
    }
    at = next;
  }
  if (from < bytes.length) pieces.push(bytes.subarray(from));
  return pieces;
}

function frameLength(bytes: Buffer, at: number): number {
  const length = bytes[at + 1] as number;
  if (length < 126) return 2 + length;
  if (length === 126) return 4 + bytes.readUInt16BE(at + 2);
  return 10 + bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
}

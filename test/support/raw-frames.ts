/** A masked frame as a client sends it (RFC 6455 §5.3), for bytes that no WebSocket library would send. */
export function maskedFrame(first: number, text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length > 125) throw new Error('Only short frames.');
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] as number));
  return Buffer.concat([Buffer.from([first, 0x80 | payload.length]), mask, masked]);
}

export function maskedText(text: string): Buffer {
  return maskedFrame(0x81, text);
}

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The whole frames a server sent; a rest that is no whole frame is left out. */
export function readFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const length = (bytes[at + 1] as number) & 0x7f;
    const head = length === 126 ? 4 : 2;
    if (length === 127 || at + head > bytes.length) break;
    const size = length === 126 ? bytes.readUInt16BE(at + 2) : length;
    if (at + head + size > bytes.length) break;
    frames.push({
      opcode: (bytes[at] as number) & 0x0f,
      payload: bytes.subarray(at + head, at + head + size),
    });
    at += head + size;
  }
  return frames;
}

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

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface OddFrame {
  readonly opcode?: number;
  readonly fin?: boolean;
  /** The reserved bits, as they stand in the first byte. */
  readonly rsv?: number;
  readonly isMasked?: boolean;
  readonly payload?: string | Uint8Array;
  /** What the header says in its 64 bits, whatever the payload is. */
  readonly claims?: bigint;
}

/** A frame of a client, as odd as it is wanted; by default a whole, masked text frame. */
export function clientFrame({
  opcode = OPCODE.text,
  fin = true,
  rsv = 0,
  isMasked = true,
  payload = '',
  claims,
}: OddFrame): Buffer {
  const bytes = Buffer.from(payload as string);
  const masked = isMasked ? 0x80 : 0;
  const head = Buffer.from([(fin ? 0x80 : 0) | rsv | opcode, masked | 127, ...Array(8).fill(0)]);
  head.writeBigUInt64BE(claims ?? BigInt(bytes.length), 2);
  const short = claims === undefined && bytes.length < 126;
  const long = claims === undefined && bytes.length < 65_536;
  if (short) head[1] = masked | bytes.length;
  else if (long) {
    head[1] = masked | 126;
    head.writeUInt16BE(bytes.length, 2);
  }
  const mask = Buffer.from([1, 2, 3, 4]);
  const body = isMasked ? bytes.map((byte, index) => byte ^ (mask[index % 4] as number)) : bytes;
  const headBytes = head.subarray(0, short ? 2 : long ? 4 : 10);
  return Buffer.concat([headBytes, ...(isMasked ? [mask] : []), body]);
}

/** The code of the close frame among what a server sent; undefined when there is none. */
export function closeCodeOf(bytes: Buffer): number | undefined {
  const close = readFrames(bytes).find(({ opcode }) => opcode === OPCODE.close);
  return close?.payload.readUInt16BE(0);
}

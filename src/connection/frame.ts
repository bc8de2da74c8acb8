const TEXT = 0x81;

/**
 * One unmasked, unfragmented text frame (RFC 6455 §5.2), built once and written to any number of sockets: the buffer must
 * never be changed afterwards. Same bytes as `ws` sends; a test compares them for every length of the header.
 */
export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const offset = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(offset + length);
  frame[0] = TEXT;
  if (offset === 2) frame[1] = length;
  else if (offset === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length % 2 ** 32, 6);
  }
  frame.write(text, offset, 'utf8');
  return frame;
}

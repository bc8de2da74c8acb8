import { PassThrough } from 'node:stream';
import * as ws from 'ws';
import { encodeTextFrame } from '../../src/connection/frame.js';

interface WsSender {
  send(data: string, options: object, callback?: () => void): void;
}

/** The bytes `ws` itself sends for a text. */
function sentByWs(text: string): Buffer {
  const { Sender } = ws as unknown as { Sender: new (socket: PassThrough) => WsSender };
  const socket = new PassThrough({ highWaterMark: 1_048_576 });
  new Sender(socket).send(text, { binary: false, mask: false, compress: false, fin: true });
  return socket.read() as Buffer;
}

describe('encodeTextFrame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])(
    'makes the bytes that ws sends for %d bytes of payload',
    (length) => {
      const text = 'x'.repeat(length);
      expect(encodeTextFrame(text).equals(sentByWs(text))).toBe(true);
    },
  );

  it.each(['é'.repeat(63), '漢'.repeat(42), '漢'.repeat(21_845) + 'x', '👋', '\u0000', 'a\ud800b'])(
    'counts bytes and not characters (%#)',
    (text) => {
      expect(encodeTextFrame(text).equals(sentByWs(text))).toBe(true);
    },
  );
});

import { duplexPair } from 'node:stream';
import { WebSocket } from 'ws';
import { unfinishedMessage } from '../../src/connection/ws-socket.js';

const MASK = Buffer.from([1, 2, 3, 4]);

/** A masked frame with a length of any form. */
function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([first, 0x80 | length])
      : Buffer.from([first, 0xfe, length >> 8, length & 0xff]);
  return Buffer.concat([head, MASK, payload.map((byte, at) => byte ^ (MASK[at % 4] as number))]);
}

/** A frame of at least 64 KiB has a length of eight bytes. */
function longFrame(payload: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.set([0x82, 0xff]);
  head.writeUInt32BE(payload.length, 6);
  return Buffer.concat([head, MASK, payload.map((byte, at) => byte ^ (MASK[at % 4] as number))]);
}

const [TEXT, FIRST_PART, MIDDLE_PART, LAST_PART, PING, PONG] = [
  0x81, 0x01, 0x00, 0x80, 0x89, 0x8a,
] as const;
const body = Buffer.from('hello');

/** A server's end of `ws`, as it is after the 101; what is written to it is read at once. */
class Receiving {
  readonly ws: WebSocket;
  messages = 0;
  readonly #far;

  constructor() {
    const [near, far] = duplexPair();
    this.#far = far;
    far.resume();
    // As WebSocketServer makes one.
    const ServerSocket = WebSocket as unknown as new (
      address: null,
      protocols: undefined,
      options: object,
    ) => WebSocket & { setSocket(socket: unknown, head: Buffer, options: object): void };
    const ws = new ServerSocket(null, undefined, { autoPong: true });
    ws.setSocket(near, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 2 ** 20 });
    ws.on('message', () => (this.messages += 1));
    this.ws = ws;
  }

  async write(bytes: Uint8Array): Promise<object | undefined> {
    this.#far.write(bytes);
    await new Promise((resolve) => setImmediate(resolve));
    return unfinishedMessage(this.ws);
  }
}

describe('unfinishedMessage', () => {
  it.each([
    ['a short message', frame(TEXT, body)],
    ['one with a length of two bytes', frame(TEXT, Buffer.alloc(200, 'x'))],
    ['one with a length of eight bytes', longFrame(Buffer.alloc(65_536))],
    ['a ping', frame(PING, body)],
  ])('is there after every byte of %s but the last', async (_, bytes) => {
    const receiving = new Receiving();
    expect(unfinishedMessage(receiving.ws)).toBeUndefined();
    // Each byte of the head, where the states are; of the payload the first, one within and the one before the last.
    const cuts = [...Array(15).keys()]
      .slice(1)
      .concat(Math.floor(bytes.length / 2), bytes.length - 1);
    let at = 0;
    let first: object | undefined;
    for (const cut of [...new Set(cuts)]
      .filter((it) => it < bytes.length)
      .toSorted((a, b) => a - b)) {
      const seen = await receiving.write(bytes.subarray(at, cut));
      at = cut;
      expect(seen).toBeInstanceOf(Object);
      expect(seen).toBe((first ??= seen));
    }
    expect(await receiving.write(bytes.subarray(at))).toBeUndefined();
  });

  it('is there from the first fragment to the last, empty ones and control frames between them included', async () => {
    const receiving = new Receiving();
    const first = await receiving.write(frame(FIRST_PART, Buffer.alloc(0)));
    expect(first).toBeInstanceOf(Object);
    for (const part of [
      frame(MIDDLE_PART, body),
      frame(PING, body),
      frame(PONG, Buffer.alloc(0)),
      frame(MIDDLE_PART, Buffer.alloc(0)),
      frame(MIDDLE_PART, body).subarray(0, 3),
      frame(MIDDLE_PART, body).subarray(3),
    ])
      expect(await receiving.write(part)).toBe(first);
    expect(receiving.messages).toBe(0);
    expect(await receiving.write(frame(LAST_PART, body))).toBeUndefined();
    expect(receiving.messages).toBe(1);
  });

  it('is another one for the next message', async () => {
    const receiving = new Receiving();
    const one = await receiving.write(frame(FIRST_PART, body));
    const two = await receiving.write(
      Buffer.concat([frame(LAST_PART, body), frame(TEXT, body).subarray(0, 4)]),
    );
    const three = await receiving.write(
      Buffer.concat([frame(TEXT, body).subarray(4), frame(TEXT, body), frame(FIRST_PART, body)]),
    );
    expect(receiving.messages).toBe(3);
    const seen = [one, two, three];
    expect(new Set(seen).size).toBe(3);
    expect(seen).not.toContain(undefined);
  });

  it.each([{}, { _receiver: null }, { _receiver: {} }, { _receiver: { _fragments: [] } }])(
    'is never there when ws has other private parts: %j',
    (ws) => {
      expect(unfinishedMessage(ws as WebSocket)).toBeUndefined();
    },
  );
});

import { randomBytes } from 'node:crypto';
import { AuditSink, type AuditEvent } from 'nestjs-roomgate';
import { CLOSE_CODES } from '../../src/connection/system-messages.js';
import { behindHead, HostileRoom } from '../support/hostile-room.js';
import { clientFrame, closeCodeOf, maskedText, OPCODE, readFrames } from '../support/raw-frames.js';
import { RecordingSink } from '../support/recording-sink.js';

const { continuation, text, binary, close, ping, pong } = OPCODE;
const PROTOCOL_ERROR = 1002;
const NOT_TEXT = 1007;
const TOO_MANY_PARTS = 1008;
const TOO_BIG = 1009;

const say = (id: number): string => `{"event":"echo","data":${id},"id":${id}}`;
const begun = clientFrame({ fin: false, payload: '{"event":' });
const closeFrame = (payload: Uint8Array): Buffer => clientFrame({ opcode: close, payload });
const code = (value: number, reason: string | Uint8Array = ''): Buffer =>
  Buffer.concat([Buffer.from([value >> 8, value & 0xff]), Buffer.from(reason as string)]);

describe('Bytes behind the 101 that RFC 6455 does not allow', () => {
  let room: HostileRoom;
  const sink = new RecordingSink();
  class Sink extends AuditSink {
    record = (event: AuditEvent): void => sink.record(event);
  }

  beforeAll(async () => {
    room = await HostileRoom.open({ auditSink: Sink });
  });
  afterAll(() => room.close());

  it.each<[string, Buffer | string, number]>([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', PROTOCOL_ERROR],
    ['a TLS hello', Buffer.from('16030100c8010000c40303', 'hex'), PROTOCOL_ERROR],
    ['nothing but zeros', Buffer.alloc(70_000), PROTOCOL_ERROR],
    ['nothing but ones', Buffer.alloc(70_000, 0xff), PROTOCOL_ERROR],
    ['a frame without a mask', clientFrame({ isMasked: false, payload: say(1) }), PROTOCOL_ERROR],
    [
      'a ping without a mask',
      clientFrame({ isMasked: false, opcode: ping, payload: 'a' }),
      PROTOCOL_ERROR,
    ],
    ['a compressed frame', clientFrame({ rsv: 0x40, payload: say(1) }), PROTOCOL_ERROR],
    ['the second reserved bit', clientFrame({ rsv: 0x20, payload: say(1) }), PROTOCOL_ERROR],
    ['the third reserved bit', clientFrame({ rsv: 0x10, payload: say(1) }), PROTOCOL_ERROR],
    ['a compressed ping', clientFrame({ rsv: 0x40, opcode: ping }), PROTOCOL_ERROR],
    ['a reserved data opcode', clientFrame({ opcode: 3, payload: say(1) }), PROTOCOL_ERROR],
    ['a reserved control opcode', clientFrame({ opcode: 11 }), PROTOCOL_ERROR],
    ['a ping in pieces', clientFrame({ opcode: ping, fin: false }), PROTOCOL_ERROR],
    ['a close in pieces', clientFrame({ opcode: close, fin: false }), PROTOCOL_ERROR],
    [
      'a ping of 126 bytes',
      clientFrame({ opcode: ping, payload: Buffer.alloc(126) }),
      PROTOCOL_ERROR,
    ],
    [
      'a pong that claims more than there is in the world',
      clientFrame({ opcode: pong, claims: 2n ** 62n }),
      PROTOCOL_ERROR,
    ],
    ['a continuation of nothing', clientFrame({ opcode: continuation }), PROTOCOL_ERROR],
    [
      'two messages that interleave',
      Buffer.concat([begun, clientFrame({ payload: say(2) })]),
      PROTOCOL_ERROR,
    ],
    [
      'a binary message amid a text',
      Buffer.concat([begun, clientFrame({ opcode: binary, payload: 'x' })]),
      PROTOCOL_ERROR,
    ],
    ['a length with its top bit set', clientFrame({ claims: 2n ** 63n }), TOO_BIG],
    ['a length that no number holds', clientFrame({ claims: 2n ** 53n }), TOO_BIG],
    ['a length of a gigabyte', clientFrame({ claims: 2n ** 30n }), TOO_BIG],
    ['one byte too many', clientFrame({ claims: 65_537n }), TOO_BIG],
    [
      'a byte too many in two pieces',
      Buffer.concat([
        clientFrame({ fin: false, payload: Buffer.alloc(65_536, 0x20) }),
        clientFrame({ opcode: continuation, payload: ' ' }),
      ]),
      TOO_BIG,
    ],
    ['text that is not UTF-8', clientFrame({ payload: Buffer.from([0xc3, 0x28]) }), NOT_TEXT],
    ['an overlong slash', clientFrame({ payload: Buffer.from([0xc0, 0xaf]) }), NOT_TEXT],
    ['half of a surrogate pair', clientFrame({ payload: Buffer.from('eda080', 'hex') }), NOT_TEXT],
    ['text that ends too early', clientFrame({ payload: Buffer.from('e282', 'hex') }), NOT_TEXT],
    [
      'sixty-five pieces',
      Buffer.concat([
        begun,
        ...Array.from({ length: 64 }, () => clientFrame({ opcode: continuation, fin: false })),
      ]),
      TOO_MANY_PARTS,
    ],
    ['a close of one byte', closeFrame(Buffer.from([3])), PROTOCOL_ERROR],
    ['a close with 999', closeFrame(code(999)), PROTOCOL_ERROR],
    ['a close with the reserved 1005', closeFrame(code(1005)), PROTOCOL_ERROR],
    ['a close with the reserved 1006', closeFrame(code(1006)), PROTOCOL_ERROR],
    ['a close with 2999', closeFrame(code(2999)), PROTOCOL_ERROR],
    ['a close with 65535', closeFrame(code(65_535)), PROTOCOL_ERROR],
    ['a close whose reason is not UTF-8', closeFrame(code(1000, Buffer.from([0xff]))), NOT_TEXT],
    ['a close of 126 bytes', closeFrame(code(1000, Buffer.alloc(124, 0x61))), PROTOCOL_ERROR],
  ])('end the connection with the code of their fault: %s', async (_what, bytes, wanted) => {
    const client = await room.enter();
    sink.take();
    client.write(bytes);
    const all = behindHead(await client.until((it) => closeCodeOf(behindHead(it)) !== undefined));
    expect(closeCodeOf(all)).toBe(wanted);
    expect(readFrames(all)).toHaveLength(2);
    // The good end of a bad connection: both sides have said that they are done.
    client.socket.end();
    await client.closed;
    await room.expectServed();
    await room.expectNothingLeft();
    // PROTOCOL.md says of each what a client should do.
    expect(Object.values(CLOSE_CODES).map((row) => row.code)).toContain(wanted);
    const reason = wanted === TOO_BIG ? 'message_too_big' : 'protocol_error';
    expect(sink.takeEvents()).toEqual([
      expect.objectContaining({ kind: 'closed', reason, closeCode: wanted }),
    ]);
  });

  it('cost their sender the connection when they are random, and nobody else anything', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => room.enter()));
    for (const client of clients) client.write(randomBytes(4_096));
    await room.expectServed();
    room.leave();
    await room.expectNothingLeft();
  });

  it('are none in a ping amid a message in pieces, nor in empty pieces', async () => {
    const client = await room.enter();
    const message = say(7);
    client.write(
      Buffer.concat([
        clientFrame({ fin: false }),
        clientFrame({ opcode: continuation, fin: false, payload: message.slice(0, 5) }),
        clientFrame({ opcode: ping, payload: 'still there?' }),
        clientFrame({ opcode: continuation, fin: false, payload: message.slice(5) }),
        clientFrame({ opcode: continuation }),
      ]),
    );
    const isEnough = (bytes: Buffer): boolean => readFrames(behindHead(bytes)).length === 3;
    const [, answer, reply] = readFrames(behindHead(await client.until(isEnough)));
    expect([answer?.opcode, String(answer?.payload)]).toEqual([pong, 'still there?']);
    expect([reply?.opcode, String(reply?.payload)]).toEqual([
      text,
      '{"event":"echo","data":7,"id":7}',
    ]);
    client.reset();
    await room.expectNothingLeft();
  });

  it.each([
    ['no code', Buffer.alloc(0), undefined],
    ['a code of its own', code(4999, 'bye'), 4999],
    ['a reason of 123 bytes', code(1000, 'x'.repeat(123)), 1000],
  ])('are none in a close with %s, which is answered', async (_what, payload, wanted) => {
    const client = await room.enter();
    client.write(Buffer.concat([closeFrame(payload), maskedText(say(1))]));
    const { body } = await client.answer();
    const [, answer, ...rest] = readFrames(body);
    expect(answer?.opcode).toBe(close);
    expect(answer?.payload.length ? answer.payload.readUInt16BE(0) : undefined).toBe(wanted);
    expect(rest).toEqual([]);
    await room.expectNothingLeft();
  });

  it.each([
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits; server_no_context_takeover',
    'x-webkit-deflate-frame, permessage-deflate',
    'permessage-deflate; nonsense=1; nonsense=2',
    ',;=,',
  ])('get no compression, however it is offered: %s', async (offer) => {
    const client = await room.enter([`Sec-WebSocket-Extensions: ${offer}`]);
    expect((await client.head()).headers['sec-websocket-extensions']).toBeUndefined();
    client.write(clientFrame({ rsv: 0x40, payload: randomBytes(100) }));
    const all = await client.until((it) => closeCodeOf(behindHead(it)) !== undefined);
    expect(closeCodeOf(behindHead(all))).toBe(PROTOCOL_ERROR);
    client.reset();
    await room.expectNothingLeft();
  });
});

import { behindHead, HostileRoom } from '../support/hostile-room.js';
import { clientFrame, closeCodeOf, OPCODE, readFrames } from '../support/raw-frames.js';

const MSS = 1_460;

const close = clientFrame({ opcode: OPCODE.close, payload: Buffer.from([3, 232]) });
const ping = clientFrame({ opcode: OPCODE.ping, payload: 'still there?' });

/** What is said, by the size of the segments. */
const TEXTS: readonly [string, number, readonly string[]][] = [
  // Each byte is a chunk of its own, of which a message may have `maxBufferedChunks` (1,024).
  ['single bytes', 1, ['', 'é'.repeat(100), 'x'.repeat(700)]],
  ['7 bytes', 7, ['€'.repeat(1_000), '']],
  [`${MSS} bytes`, MSS, ['x'.repeat(65_000), 'é'.repeat(30_000), '']],
];

describe('An upgrade, messages, a ping and a close in small TCP segments', () => {
  let room: HostileRoom;
  beforeAll(async () => {
    room = await HostileRoom.open();
  });
  afterAll(() => room.close());

  it.each(TEXTS)('are answered like those in one packet: %s', async (_what, size, texts) => {
    const client = await room.knock();
    const writeInSegments = async (bytes: Buffer): Promise<void> => {
      for (let at = 0; at < bytes.length; at += size) {
        client.write(bytes.subarray(at, at + size));
        // The server reads in between, so the kernel does not put two segments together.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const sent = texts.map((data, id) => ({ event: 'echo', data, id }));
    const messages = sent.map((each) => clientFrame({ payload: JSON.stringify(each) }));
    await writeInSegments(Buffer.concat([Buffer.from(room.request()), ...messages, ping]));
    const all = await client.until(
      (bytes) => readFrames(behindHead(bytes)).length === sent.length + 2,
    );
    const [hello, ...answers] = readFrames(behindHead(all));
    const pong = answers.find(({ opcode }) => opcode === OPCODE.pong);
    const replies = answers.filter(({ opcode }) => opcode === OPCODE.text);
    expect(String(hello?.payload)).toContain('"event":"hello"');
    expect(String(pong?.payload)).toBe('still there?');
    expect(replies.map(({ payload }) => JSON.parse(String(payload)) as unknown)).toEqual(sent);
    await writeInSegments(close);
    await client.until((bytes) => closeCodeOf(behindHead(bytes)) === 1000);
    client.socket.end();
    await client.closed;
    await room.expectNothingLeft();
  });
});

import { HostileRoom } from '../support/hostile-room.js';
import { upgradeBytes } from '../support/raw-http.js';

const lines = (count: number, line: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => line(index));

/** Node 20 drops what is too many, so the refusal is ours; a newer one refuses by itself. */
const TOO_MANY = [400, 431];

describe('An upgrade request of odd size or bytes', () => {
  let room: HostileRoom;

  beforeAll(async () => {
    room = await HostileRoom.open();
  });
  afterAll(() => room.close());

  async function statusOf(bytes: string | Buffer): Promise<number> {
    const client = await room.knock();
    client.write(bytes);
    const { status } = await client.head();
    client.reset();
    await room.expectServed();
    await room.expectNothingLeft();
    return status;
  }

  const raw = (text: string): Buffer => Buffer.from(text, 'latin1');

  it.each<[string, () => string | Buffer, number | readonly number[]]>([
    ['16 KiB of headers', () => room.request([`X: ${'x'.repeat(16_384)}`]), 431],
    ['a gigantic name of a header', () => room.request([`${'x'.repeat(16_384)}: 1`]), 431],
    ['15 KiB of headers', () => room.request([`X: ${'x'.repeat(15_000)}`]), 101],
    ['2,000 headers', () => room.request(lines(2_000, () => 'a:b')), TOO_MANY],
    ['900 headers', () => room.request(lines(900, () => 'a:b')), 101],
    [
      'a second token behind a thousand headers',
      () => room.request([...lines(1_000, () => 'a:b'), 'Authorization: Bearer a.b.c']),
      TOO_MANY,
    ],
    [
      'a body behind a thousand headers',
      () => room.request([...lines(1_000, () => 'a:b'), 'Transfer-Encoding: chunked']),
      TOO_MANY,
    ],
    ['a target of 15 KiB', () => upgradeBytes({ target: `/${'x'.repeat(15_000)}` }), 404],
    ['a target of 32 KiB', () => upgradeBytes({ target: `/${'x'.repeat(32_768)}` }), 431],
    [
      'a query of 14 KiB',
      () => room.request().replace(' HTTP/1.1', `?${'&'.repeat(14_000)} HTTP/1.1`),
      101,
    ],
    ['a null byte in the target', () => upgradeBytes({ target: '/\0' }), 400],
    ['a null byte in a header', () => room.request(['X: a\0b']), 400],
    ['a null byte in the token', () => room.request().replace('Bearer ', 'Bearer \0'), 400],
    ['a carriage return in a header', () => room.request(['X: a\rb']), 400],
    ['a carriage return in the target', () => upgradeBytes({ target: '/a\rb' }), 400],
    ['a line feed alone', () => room.request(['X: a\nY: b']), 400],
    ['a space before the colon', () => room.request(['X : a']), 400],
    ['a header without a colon', () => room.request(['X']), 400],
    ['a header without a name', () => room.request([': a']), 400],
    ['bytes beyond ASCII in a header', () => raw(room.request(['X: \xff\xfe'])), 101],
    ['another protocol', () => 'SSH-2.0-OpenSSH_9.6\r\n', 400],
    ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a TLS hello', () => Buffer.from('16030100c8010000c40303', 'hex'), 400],
    ['a method that there is not', () => room.request().replace('GET', 'G\0T'), 400],
  ])('costs nobody but its sender anything: %s', async (_what, bytes, status) => {
    expect([status].flat()).toContain(await statusOf(bytes()));
  });
});

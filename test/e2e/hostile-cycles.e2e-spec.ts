import { heapBytes } from '../support/heap-bytes.js';
import { HostileRoom } from '../support/hostile-room.js';
import type { RawClient } from '../support/raw-http.js';
import { clientFrame, OPCODE } from '../support/raw-frames.js';

const MIB = 1_024 * 1_024;
/** Of these many connections each; a hundred thousand of them are the bench's `churn`. */
const ROUNDS = 2;
const EACH = 150;
const AT_ONCE = 50;

const normalClose = clientFrame({ opcode: OPCODE.close, payload: Buffer.from([3, 232]) });

const WAYS: Record<string, (client: RawClient) => unknown> = {
  'with a close': (client) => {
    client.write(normalClose);
    return client.closed;
  },
  'with a reset': (client) => client.reset(),
  'by ending their side': (client) => {
    client.socket.end();
    return client.closed;
  },
};

describe('Clients that come and go', () => {
  let room: HostileRoom;

  beforeAll(async () => {
    room = await HostileRoom.open();
  });
  afterAll(() => room.close());

  async function cycles(count: number, go: (client: RawClient) => unknown): Promise<void> {
    let begun = 0;
    const work = async (): Promise<void> => {
      while (begun++ < count) await go(await room.enter());
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    room.leave();
    await room.expectNothingLeft();
  }

  it.each(Object.keys(WAYS))(
    'leave nothing behind, however often: %s',
    async (way) => {
      const go = WAYS[way] as (client: RawClient) => unknown;
      await cycles(EACH, go);
      const before = heapBytes();
      for (let round = 0; round < ROUNDS; round++) await cycles(EACH, go);
      expect(heapBytes() - before).toBeLessThan(2 * MIB);
      await room.expectServed();
    },
    30_000,
  );
});

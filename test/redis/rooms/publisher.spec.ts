import { RedisKeys } from '../../../src/redis/keys.js';
import { Publisher } from '../../../src/redis/rooms/publisher.js';
import type { RedisStore } from '../../../src/redis/store.js';
import { decode, encodeHead } from '../../../src/redis/rooms/wire.js';

const keys = new RedisKeys('test');

/** A store that answers as the script does, with the group that a tag ends with, and remembers what it was asked. */
function storeThat(fails = false) {
  const calls: { bodies: unknown[]; rooms: number }[] = [];
  const evaluate = async (_: unknown, __: string, rooms: string[], args: unknown[]) => {
    const bodies = args.filter((_arg, index) => index >= 3 && (index - 3) % 4 === 2);
    calls.push({ bodies, rooms: rooms.length });
    if (fails) throw new Error('gone');
    const epochs = bodies.map((body) => `epoch-${String(body).slice(0, 1)}`).join(' ');
    return [Buffer.from(epochs), bodies.map((_body, index) => index + 1)];
  };
  const network = { publishes: 'PUBLISH', groupOf: (tag: string) => Number(tag.at(-1)) };
  return { calls, publisher: new Publisher({ eval: evaluate, network } as unknown as RedisStore) };
}

function publish(publisher: Publisher, body: string, room = 'room 1') {
  return publisher.publish(keys.of(room as never), body, { publicationId: 'one' });
}

describe('Publisher', () => {
  it('makes one call of what is published in one turn, and answers each with its own place', async () => {
    const { calls, publisher } = storeThat();
    const positions = await Promise.all(['a', 'b'].map((body) => publish(publisher, body)));
    expect(calls).toEqual([{ bodies: ['a', 'b'], rooms: 2 }]);
    expect(positions).toEqual([
      { offset: 1, epoch: 'epoch-a' },
      { offset: 2, epoch: 'epoch-b' },
    ]);
  });

  it('makes another call in another turn', async () => {
    const { calls, publisher } = storeThat();
    await publish(publisher, 'a');
    await publish(publisher, 'b');
    expect(calls.map(({ bodies }) => bodies)).toEqual([['a'], ['b']]);
  });

  it('keeps apart what one script may not see', async () => {
    const { calls, publisher } = storeThat();
    await Promise.all([
      publish(publisher, 'a'),
      publish(publisher, 'b', 'room 2'),
      publish(publisher, 'c'),
    ]);
    expect(calls.map(({ bodies }) => bodies)).toEqual([['a', 'c'], ['b']]);
  });

  it('asks for 50 at most in one call, and keeps the order', async () => {
    const { calls, publisher } = storeThat();
    const bodies = Array.from({ length: 101 }, (_, index) => String(index));
    await Promise.all(bodies.map((body) => publish(publisher, body)));
    expect(calls.map(({ rooms }) => rooms)).toEqual([50, 50, 1]);
    expect(calls.flatMap((call) => call.bodies)).toEqual(bodies);
  });

  it('asks for 64 KiB at most in one call, or for one that is larger', async () => {
    const { calls, publisher } = storeThat();
    const large = 'x'.repeat(40 * 1024);
    const bodies = [large, large, 'x'.repeat(100 * 1024), 'a'];
    await Promise.all(bodies.map((body) => publish(publisher, body)));
    expect(calls.map(({ rooms }) => rooms)).toEqual([1, 1, 1, 1]);
  });

  it('fails each publication of a call that fails', async () => {
    const { publisher } = storeThat(true);
    const outcomes = await Promise.allSettled(['a', 'b'].map((body) => publish(publisher, body)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('encodeHead', () => {
  it.each(['plain-id_1', '{"id":"forged"}', 'two\nlines', 'ä', '"', 'true', '1'])(
    'brings the id %j back as it was, and nothing else',
    (publicationId) => {
      const head = encodeHead(publicationId, {}, 'body') || publicationId;
      const message = decode(Buffer.from(`1Pepoch 7 8\n${head}\nbody`));
      expect(message).toMatchObject({ publication: { publicationId, offset: 7, body: 'body' } });
      expect(message).toMatchObject({ publication: { except: undefined, conflateKey: undefined } });
    },
  );
});

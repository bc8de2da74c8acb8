import { setImmediate as nextTurn } from 'node:timers/promises';
import { RedisKeys } from '../../../src/redis/keys.js';
import { Publisher } from '../../../src/redis/rooms/publisher.js';
import type { RedisStore } from '../../../src/redis/store.js';
import { decode, encodeHead } from '../../../src/redis/rooms/wire.js';
import { Deferred } from '../../support/deferred.js';

const keys = new RedisKeys('test');

/**
 * A store that answers as the script does, when `answers` resolves, and remembers what it was asked.
 * The last digit of a tag is its group.
 */
function storeThat(answers: Promise<void> = Promise.resolve()) {
  const calls: { bodies: unknown[]; rooms: number }[] = [];
  const evaluate = async (_: unknown, __: string, rooms: string[], args: unknown[]) => {
    const bodies = args.filter((_arg, index) => index >= 3 && (index - 3) % 4 === 2);
    calls.push({ bodies, rooms: rooms.length });
    await answers;
    const epochs = bodies.map((body) => `epoch-${String(body).slice(0, 1)}`).join(' ');
    return [Buffer.from(epochs), bodies.map((_body, index) => index + 1)];
  };
  const owner = { link: {} };
  const network = {
    publishes: 'PUBLISH',
    groupOf: (tag: string) => Number(tag.at(-1)),
    linkOf: () => owner.link,
  };
  const publisher = new Publisher({ eval: evaluate, network } as unknown as RedisStore);
  return { calls, owner, publisher };
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

  it('collects what is published turn by turn while Redis is slow, so that few calls catch up', async () => {
    const slow = new Deferred();
    const { calls, publisher } = storeThat(slow.promise);
    const bodies = Array.from({ length: 1_008 }, (_, index) => String(index));
    const positions = [];
    for (const body of bodies) {
      positions.push(publish(publisher, body));
      await nextTurn();
    }
    expect(calls).toHaveLength(8);
    slow.resolve();
    await Promise.all(positions);
    expect(calls.map(({ rooms }) => rooms)).toEqual([...Array(8).fill(1), ...Array(20).fill(50)]);
    expect(calls.flatMap((call) => call.bodies)).toEqual(bodies);
  });

  it('asks first for what has waited longest when Redis is slow, whatever the group', async () => {
    const slow = new Deferred();
    const { calls, publisher } = storeThat(slow.promise);
    const positions = Array.from({ length: 8 }, (_, index) => {
      const group = index + 1;
      return publish(publisher, `sent ${group}`, `room ${group}`);
    });
    await nextTurn();
    for (const [body, group] of [
      ['a', 2],
      ['b', 1],
      ['c', 2],
    ] as const) {
      positions.push(publish(publisher, body, `room ${group}`));
      await nextTurn();
    }
    slow.resolve();
    await Promise.all(positions);
    expect(calls.slice(8).map(({ bodies }) => bodies)).toEqual([['a', 'c'], ['b']]);
  });

  it('keeps the order when the owner changes while more waits than may be called at once', async () => {
    const slow = new Deferred();
    const { calls, owner, publisher } = storeThat(slow.promise);
    const bodies = Array.from({ length: 1_500 }, (_, index) => String(index));
    const positions = bodies.map((body) => publish(publisher, body));
    await nextTurn();
    owner.link = {};
    const late = positions[0]?.then(() => publish(publisher, 'late'));
    slow.resolve();
    await Promise.all([...positions, late]);
    expect(calls.flatMap((call) => call.bodies)).toEqual([...bodies, 'late']);
  });

  it('fails each publication of a call that fails', async () => {
    const { publisher } = storeThat(Promise.reject(new Error('gone')));
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

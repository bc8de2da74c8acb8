import { FakeClock } from 'nestjs-roomgate/testing';
import { RedisKeys } from '../../../src/redis/keys.js';
import { SUBSCRIBED } from '../../../src/redis/scripts/room.js';
import { SingleNetwork } from '../../../src/redis/network/topology.js';
import { Subscriptions } from '../../../src/redis/rooms/subscriptions.js';
import type { Position } from '../../../src/room/engine/engine.js';
import { Deferred } from '../../support/deferred.js';
import { FakeRedis, settled } from '../../support/redis/fake-redis.js';

const KEYS = new RedisKeys('test');
/** More than are opened at the same time. */
const MANY = 700;

describe('Subscriptions', () => {
  let redis: FakeRedis;
  let clock: FakeClock;
  let network: SingleNetwork;
  let subscriptions: Subscriptions;
  let told: string[];

  const add = (key: string): Promise<Position> => subscriptions.add(key, KEYS.of(key), undefined);
  const back = async (): Promise<void> => {
    clock.advance(500);
    await settled();
  };

  beforeEach(async () => {
    redis = new FakeRedis();
    clock = new FakeClock();
    told = [];
    const ports = { dialer: redis, clock, scripts: [], connectTimeoutMs: 1, replyTimeoutMs: 1e9 };
    network = new SingleNetwork(ports, {
      message: (...message) => subscriptions.message(...message),
      up: () => void subscriptions.restore(),
      down: (link) => subscriptions.down(link),
      moved: () => undefined,
    });
    const sink = {
      deliver: (key: string) => told.push(`${key} told`),
      interrupted: (key: string, { offset }: Position) => told.push(`${key} gap to ${offset}`),
      presence: () => undefined,
    };
    subscriptions = new Subscriptions({ network, clock, sink });
    await network.start();
    subscriptions.start();
  });
  afterEach(() => {
    subscriptions.stop();
    network.stop();
  });

  it('tell of what was said when the link is lost right behind the opening of a room', async () => {
    await add('a').then(() => redis.cut());
    await settled();
    redis.offset = 3;
    await back();
    expect(told).toEqual(['a gap to 3']);
  });

  it('give a channel back when its room could not be opened', async () => {
    const { answer } = redis;
    redis.answer = (command, args, by) => {
      if (args[0] === SUBSCRIBED.sha) throw new Error('OOM command not allowed');
      return answer(command, args, by);
    };
    await expect(add('a')).rejects.toMatchObject({ code: 'engine_unavailable' });
    await settled();
    expect(redis.channels).toEqual([]);
  });

  it('open a room that is asked for twice at once for both, or for neither', async () => {
    const gate = new Deferred();
    redis.subscribing = () => gate.promise;
    const both = Promise.allSettled([add('a'), add('a')]);
    await settled();
    redis.cut();
    gate.resolve();
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('restore each room once, however often they are told to, and none that is gone meanwhile', async () => {
    const keys = Array.from({ length: MANY }, (_, index) => `room ${index}`);
    await Promise.all(keys.map(add));
    await settled();
    redis.cut();
    await settled();
    redis.subscribed.length = 0;
    const gate = new Deferred();
    redis.subscribing = () => gate.promise;
    await back();
    await subscriptions.remove(`room ${MANY - 1}`);
    clock.advance(3_000);
    gate.resolve();
    await settled();
    expect(redis.subscribed.toSorted()).toEqual(
      keys
        .slice(0, -1)
        .map((key) => KEYS.of(key).channel)
        .toSorted(),
    );
    expect(redis.channels).toHaveLength(MANY - 1);
  });

  it('listen anew where something was lost without a word: the subscription itself may be', async () => {
    await add('a');
    await settled();
    redis.connections[1]?.channels.clear();
    redis.offset = 2;
    // Each room has its turn within a minute.
    for (let second = 0; second < 60; second++) {
      clock.advance(1_000);
      await settled();
    }
    // When it is found, and when the room is open again.
    expect(told).toEqual(['a gap to 2', 'a gap to 2']);
    expect(redis.channels).toEqual([KEYS.of('a').channel]);
  });
});

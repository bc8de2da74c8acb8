import { FakeClock } from 'nestjs-roomgate/testing';
import { RedisLink } from '../../../src/redis/network/link.js';
import { FakeRedis, settled } from '../../support/redis/fake-redis.js';

describe('RedisLink', () => {
  let redis: FakeRedis;
  let clock: FakeClock;
  let up: () => void;
  let link: RedisLink;

  beforeEach(() => {
    redis = new FakeRedis();
    clock = new FakeClock();
    up = () => undefined;
    const ports = { dialer: redis, clock, scripts: [], connectTimeoutMs: 1, replyTimeoutMs: 1e9 };
    link = new RedisLink(ports, {
      message: () => undefined,
      up: () => up(),
      down: () => undefined,
    });
  });
  afterEach(() => link.stop());

  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 5) {
      clock.advance(5);
      await settled();
    }
  };

  it('is in no hurry to reach a Redis that ends every connection as soon as it is used', async () => {
    up = () => redis.cut();
    void link.run();
    await pass(4_000);
    // Two at a time, and no more than five times a second once it is known.
    expect(redis.connections.length).toBeLessThan(2 * 30);
  });

  it('is open again at once when a connection that was good has ended', async () => {
    void link.run();
    for (let times = 0; times < 3; times++) {
      await pass(1_500);
      expect(link.isUp).toBe(true);
      redis.cut();
      await pass(60);
      expect(link.isUp).toBe(true);
    }
  });
});

import { FakeClock } from 'nestjs-roomgate/testing';
import { RedisSession } from '../../../src/redis/network/session.js';
import { FakeRedis, settled } from '../../support/redis/fake-redis.js';

describe('RedisSession', () => {
  const open = (dialer: FakeRedis, clock = new FakeClock()): Promise<RedisSession> =>
    RedisSession.open({
      dialer,
      clock,
      scripts: [],
      connectTimeoutMs: 1_000,
      replyTimeoutMs: 2_000,
      message: () => undefined,
    });

  it('gives up in time on a client that never says whether it is connected', async () => {
    const redis = new FakeRedis();
    const clock = new FakeClock();
    redis.dialling = () => new Promise(() => undefined);
    const opening = open(redis, clock).catch(() => 'given up');
    clock.advance(1_000);
    await settled();
    expect(await Promise.race([opening, settled()])).toBe('given up');
  });

  it.each([
    ['no master', 'role:slave\r\nmaster_replid:one'],
    ['another master', 'role:master\r\nmaster_replid:two'],
  ])('is not opened when the connection that is to hear leads to %s', async (_, feed) => {
    const redis = new FakeRedis();
    const { answer } = redis;
    redis.answer = (command, args, by) => {
      if (command !== 'INFO') return answer(command, args, by);
      const isFeed = by === redis.connections[1];
      return Buffer.from(isFeed ? feed : 'role:master\r\nmaster_replid:one');
    };
    await expect(open(redis)).rejects.toThrow();
    expect(redis.connections.filter(({ isOpen }) => isOpen)).toEqual([]);
  });
});

import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { FakeClock } from 'nestjs-roomgate/testing';
import { eventually } from '../../support/poll.js';
import { principalOf } from '../../support/principal.js';
import { RedisServer } from '../../support/redis/redis-server.js';
import { RevocationNode } from '../../support/redis/revocation-node.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

const CHECK_MS = 400;
const SOON_MS = 200;
const SET = '{test|revocations}';
const alice = principalOf({ jti: 'j' });
const { identity } = alice;

describe('What Redis tells of revocations', () => {
  let server: RedisServer;
  let clock: FakeClock;
  let a: RevocationNode;
  let b: RevocationNode;
  let warn: jest.SpiedFunction<Logger['warn']>;

  beforeEach(async () => {
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    server = await RedisServer.start();
    clock = new FakeClock(Date.now());
    a = await RevocationNode.start(server.port);
    b = await RevocationNode.start(server.port, { clock });
  });
  afterEach(async () => {
    await Promise.all([a.stop(), b.stop()]);
    await server.stop();
    warn.mockRestore();
  });

  const heard = (node = b): Promise<void> =>
    eventually(() => node.refuses(alice), 'a revocation', 1_000);
  const loads = async (): Promise<number> => {
    const stats = await server.info('commandstats');
    return Number(/calls=(\d+)/.exec(stats.cmdstat_hscan ?? '')?.[1] ?? 0);
  };
  const state = (): Promise<string[]> => server.command('HMGET', SET, 'epoch', 'version');
  const entry = (revocation: object, rank = 1, until = 'inf'): string =>
    `1${rank} ${until}\n${JSON.stringify(revocation)}`;
  async function tell(text: string, skip = 1): Promise<void> {
    const [epoch, version] = await state();
    await server.command('PUBLISH', SET, `1${epoch} ${Number(version) + skip}\n${text}`);
  }
  /** Redis is asked for everything again, and nothing else has changed. */
  async function loadsAgain(before: number): Promise<void> {
    await eventually(
      async () => {
        clock.advance(SOON_MS);
        return (await loads()) > before;
      },
      'everything to be loaded again',
      1_000,
    );
  }

  it('lifts no block by a message alone, and loads again', async () => {
    await a.service.block(alice);
    await heard();
    const before = await loads();
    const rank = 2 * Date.now() + 1_000_000;
    await tell(entry({ kind: 'unblock', identity }, rank - (rank % 2)));
    await loadsAgain(before);
    expect(b.refuses(alice)).toBe(true);
    expect(b.told).not.toContainEqual({ kind: 'unblock', identity });
  });

  it.each([
    ['nonsense', 'nonsense'],
    ['another version', '2'],
    ['nothing', ''],
    ['no JSON', '1abcd 1\n11 inf\n{'],
    ['an unknown kind', '1abcd 1\n11 inf\n{"kind":"pardon","identity":"x"}'],
    [
      'a time that is none',
      '1abcd 1\n11 inf\n{"kind":"subject","identity":"x","issuedBefore":"1"}',
    ],
    ['a rank of another kind', `1abcd 1\n12 inf\n{"kind":"block","identity":"x"}`],
    ['another epoch', `1abcd 1\n11 inf\n{"kind":"block","identity":"x"}`],
  ])('loads again after %s', async (_, text) => {
    const [before, position] = [await loads(), await state()];
    const confirmedAt = b.store.confirmedAt();
    await server.command('PUBLISH', SET, text);
    await loadsAgain(before);
    expect(await state()).toEqual(position);
    await eventually(() => b.store.confirmedAt() > confirmedAt, 'it to be confirmed', 1_000);
  });

  it('says once, without a word of it, that something cannot be read', async () => {
    for (const secret of ['2secret', '3secret']) {
      const before = await loads();
      await server.command('PUBLISH', SET, secret);
      await loadsAgain(before);
    }
    const ours = warn.mock.calls.filter(([line]) => String(line).includes('cannot be read'));
    // Of each node.
    expect(ours).toHaveLength(2);
    expect(JSON.stringify(ours)).not.toContain('secret');
  });

  it('loads again when a version is missing', async () => {
    const before = await loads();
    await server.command('HSET', SET, `block ${identity}`, entry({ kind: 'block', identity }));
    await tell(entry({ kind: 'token', issuer: 'https://a.test', jti: 'other' }, 0), 2);
    await loadsAgain(before);
    await heard();
  });

  it('finds at the next check what was never told', async () => {
    await server.command('HSET', SET, `block ${identity}`, entry({ kind: 'block', identity }));
    await server.command('HINCRBY', SET, 'version', 1);
    expect(b.refuses(alice)).toBe(false);
    clock.advance(CHECK_MS);
    await heard();
  });

  it('finds at the next check that a message was made up', async () => {
    await tell(entry({ kind: 'token', issuer: 'https://a.test', jti: 'other' }, 0));
    await eventually(() => b.told.length === 1, 'the message', 1_000);
    const before = await loads();
    clock.advance(CHECK_MS);
    await eventually(async () => (await loads()) > before, 'everything to be loaded again', 1_000);
  });

  it('gives back at the next check what was lost without a word', async () => {
    await b.service.block(alice);
    await server.command('FLUSHALL');
    clock.advance(CHECK_MS);
    await eventually(
      async () => (await server.command('HEXISTS', SET, `block ${identity}`)) === 1,
      'it',
      1_000,
    );
  });

  it('confirms nothing while there is an entry that cannot be read', async () => {
    await server.command('HSET', SET, 'block x', '2something new', 'version', 7);
    const confirmedAt = b.store.confirmedAt();
    const before = await loads();
    for (let check = 1; check <= 3; check++) {
      await eventually(async () => {
        clock.advance(CHECK_MS);
        return (await loads()) >= before + check;
      }, 'a check');
    }
    expect(b.store.confirmedAt()).toBe(confirmedAt);
    const late = await RevocationNode.start(server.port);
    expect(late.service.isStale()).toBe(true);
    await late.stop();
    await server.command('HDEL', SET, 'block x');
    await eventually(async () => {
      clock.advance(CHECK_MS);
      return b.store.confirmedAt() > confirmedAt;
    }, 'it to be confirmed');
  });

  it('is confirmed by each check, and by none while Redis cannot be reached', async () => {
    expect(b.store.confirmedAt()).toBe(clock.now());
    clock.advance(CHECK_MS);
    await eventually(() => b.store.confirmedAt() === clock.now(), 'a check', 1_000);
    const confirmedAt = clock.now();
    await server.kill();
    clock.advance(25_000);
    expect(b.store.confirmedAt()).toBe(confirmedAt);
    expect(b.service.isStale()).toBe(false);
    clock.advance(5_000);
    expect(b.service.isStale()).toBe(true);
    await server.restart({ keepData: false });
    await eventually(() => !b.service.isStale(), 'it to be confirmed', 1_000);
  });

  it('is not confirmed by a check whose answer does not come', async () => {
    const proxy = await TcpProxy.start(server.port);
    const c = await RevocationNode.start(proxy.port, { clock });
    const confirmedAt = c.store.confirmedAt();
    proxy.blackhole('toClient');
    clock.advance(CHECK_MS);
    await eventually(() => b.store.confirmedAt() === clock.now(), 'the check of another', 1_000);
    expect(c.store.confirmedAt()).toBe(confirmedAt);
    await c.stop();
    await proxy.close();
  });

  it('keeps what was added although the answer was lost, once', async () => {
    const proxy = await TcpProxy.start(server.port);
    const c = await RevocationNode.start(proxy.port);
    const lost = proxy.loseReplyTo('unblock');
    await c.service.block(alice);
    await heard();
    await expect(c.service.unblock(alice)).rejects.toMatchObject({ code: 'engine_unavailable' });
    await lost;
    await eventually(() => ![b, c].some((node) => node.refuses(alice)), 'its end', 1_000);
    await c.stop();
    await proxy.close();
  });
});

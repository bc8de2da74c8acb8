import { jest } from '@jest/globals';
import { PUBLISH } from '../../../src/redis/scripts/publish.js';
import { A } from '../../../src/toolkit/engine-suite/engine-probe.js';
import { eventually } from '../../support/poll.js';
import { type AppClient, CLIENTS } from '../../support/redis/clients.js';
import { DEAF, engineOn } from '../../support/redis/redis-engine.js';
import { RedisServer } from '../../support/redis/redis-server.js';

const TTL_MS = 600;
const HISTORY = { size: 10, ttlMs: 60_000, maxBytes: 1024 * 1024 };
const BODY = '{"event":"said"}';

jest.setTimeout(120_000);

const entry = (id: string) => ({ connectionId: id, identity: id, memberId: id });
const passed = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(CLIENTS)('A Redis that refuses to write, by $name', ({ single }) => {
  let server: RedisServer;
  const ends: (() => unknown)[] = [];

  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    await server.stop();
  });

  async function start(replyTimeoutMs?: number) {
    const client: AppClient = single(server.port);
    const timeouts = replyTimeoutMs ? { replyTimeoutMs } : {};
    const { engine, store } = engineOn(client.client, 'refused', undefined, timeouts);
    const told: string[] = [];
    await engine.start({
      ...DEAF,
      presence: (_, { kind, memberId }) => void told.push(`${kind} ${memberId}`),
    });
    ends.push(
      () => engine.stop(),
      () => client.close(),
    );
    await engine.subscribe(A, HISTORY);
    return { engine, store, told };
  }

  const refusing = async (fault: string): Promise<void> => {
    if (fault === 'OOM') return void (await server.command('CONFIG', 'SET', 'maxmemory', 1));
    await server.command('ACL', 'SETUSER', 'default', '-zadd', '-hset');
  };
  const writing = async (fault: string): Promise<void> => {
    if (fault === 'OOM') return void (await server.command('CONFIG', 'SET', 'maxmemory', 0));
    await server.command('ACL', 'SETUSER', 'default', '+@all');
  };

  it.each(['OOM', 'NOPERM'])(
    'for longer than presence lasts (%s) takes nobody for gone who is connected, and health says why',
    async (fault) => {
      const [one, other] = [await start(), await start()];
      await one.engine.enter(A, entry('one'), TTL_MS);
      await other.engine.enter(A, entry('other'), TTL_MS);
      expect(one.engine.unavailableReason).toBeUndefined();
      await refusing(fault);
      const renew = async (): Promise<void> => {
        await one.engine.renew(A, [entry('one')], TTL_MS).catch(() => undefined);
        await other.engine.renew(A, [entry('other')], TTL_MS).catch(() => undefined);
      };
      for (let at = 0; at < 2 * TTL_MS; at += TTL_MS / 3) {
        await passed(TTL_MS / 3);
        await renew();
        await one.engine.publish(A, BODY, { history: HISTORY }).catch(() => undefined);
      }
      expect(one.engine.isAvailable).toBe(false);
      expect(one.engine.unavailableReason).toMatch(/^(OOM|NOPERM|ERR)$/);
      await writing(fault);
      await eventually(() => one.engine.isAvailable, 'health to be good again');
      await one.engine.renew(A, [entry('one')], TTL_MS);
      expect((await one.engine.present(A, 10)).total).toBe(2);
      await renew();
      expect([one.told, other.told].flat().filter((word) => word.startsWith('left'))).toEqual([]);
    },
  );

  it('half way through a publication does not acknowledge it on a retry', async () => {
    const { engine, store } = await start();
    const { room } = store.keys.of(A);
    await server.command('SET', room[1] as string, 'no stream');
    const publish = () => engine.publish(A, BODY, { publicationId: 'once', history: HISTORY });
    await expect(publish()).rejects.toMatchObject({
      message: expect.stringContaining('WRONGTYPE') as string,
    });
    await server.command('DEL', room[1] as string);
    await publish();
    const { publications } = await engine.read(A, { limit: 10, maxBytes: 10_000 });
    expect(publications.map(({ body }) => body)).toEqual([BODY]);
  });

  it('that has forgotten the scripts is taught them again, and keeps the order of what is said', async () => {
    const { engine } = await start();
    await engine.publish(A, BODY, { history: HISTORY });
    await server.command('SCRIPT', 'FLUSH');
    const said: Promise<{ offset: number }>[] = [];
    for (let times = 0; times < 20; times++) {
      said.push(Promise.resolve(engine.publish(A, BODY, { history: HISTORY })));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const offsets = (await Promise.all(said)).map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.map((_, index) => index + 2));
    expect(await server.command('SCRIPT', 'EXISTS', PUBLISH.sha)).toEqual([1]);
  });

  it('takes publication ids for different that are the same as bytes', async () => {
    const { engine } = await start();
    for (const publicationId of ['\ud800', '\udbff'])
      await engine.publish(A, BODY, { publicationId, history: HISTORY });
    expect((await engine.read(A, { limit: 10, maxBytes: 10_000 })).publications).toHaveLength(2);
  });

  it('takes members of a dead node out in pieces', async () => {
    const [gone, other] = [await start(), await start()];
    await other.engine.enter(A, entry('other'), 60_000);
    const members = Array.from({ length: 5_000 }, (_, n) => entry(`m${n}`));
    for (let at = 0; at < members.length; at += 500)
      await gone.engine.renew(A, members.slice(at, at + 500), 60_000);
    // All run out in one moment: those renewed first would be taken out while the others still are.
    const [times = ''] = gone.store.keys.of(A).presence;
    const isGone = (id: string): boolean => id.startsWith('m');
    const ids = (await server.command<string[]>('ZRANGE', times, 0, -1)).filter(isGone);
    await server.command('ZADD', times, ...ids.flatMap((id) => [1, id]));
    await server.command('CONFIG', 'RESETSTAT');
    await other.engine.renew(A, [entry('other')], 60_000);
    const isOver = (): boolean => other.told.filter((it) => it.startsWith('left')).length === 5_000;
    await eventually(isOver, 'all of them to be told as left', 30_000);
    const { cmdstat_evalsha } = await server.info('commandstats');
    expect(Number(/calls=(\d+)/.exec(String(cmdstat_evalsha))?.[1])).toBeGreaterThanOrEqual(20);
    expect((await other.engine.present(A, 10)).total).toBe(1);
  });

  it('is not needed to: what is said in one loop is published, or refused as too much, and nobody is cut off', async () => {
    const { engine, store } = await start(1_000);
    let downs = 0;
    store.listen({
      message: () => undefined,
      up: () => undefined,
      down: () => void (downs += 1),
      moved: () => undefined,
    });
    const said = Array.from({ length: 30_000 }, () => Promise.resolve(engine.publish(A, BODY, {})));
    const results = await Promise.allSettled(said);
    const codes = results.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as { code: string }).code] : [],
    );
    expect(codes.filter((code) => code !== 'overloaded')).toEqual([]);
    expect(downs).toBe(0);
  });
});

import { unavailable } from '../../../src/redis/network/link.js';
import { SCRIPTS } from '../../../src/redis/scripts/index.js';
import { RedisStore } from '../../../src/redis/store.js';
import { SystemClock } from '../../../src/core/clock.js';
import { eventually } from '../../support/poll.js';
import { type AppClient, CLIENTS } from '../../support/redis/clients.js';
import { RedisServer } from '../../support/redis/redis-server.js';

describe.each(CLIENTS)('A Redis that cannot be used, by $name', ({ single }) => {
  let server: RedisServer;
  let client: AppClient;
  let lines: string[];
  const storeOf = (): RedisStore => {
    const options = { client: client.client as never, namespace: 'test', startTimeoutMs: 1_000 };
    lines = [];
    return new RedisStore(options, new SystemClock(), SCRIPTS, (line) => lines.push(line));
  };
  const start = async (config = {}): Promise<void> => {
    server = await RedisServer.start({ config });
    client = single(server.port);
  };
  afterEach(async () => {
    client.close();
    await server.stop();
  });

  it('is said to be so, and why, when the application starts', async () => {
    await start();
    await client.ready;
    await server.command('CONFIG', 'SET', 'requirepass', 'canary');
    const opened = storeOf().open();
    await expect(opened).rejects.toMatchObject({
      code: 'engine_unavailable',
      message: expect.stringMatching(/within 1000 ms .*: NOAUTH\.$/) as string,
    });
    expect(lines).toEqual(['Redis cannot be reached: NOAUTH.']);
  });

  it('is warned about once while it is gone, and when it is back', async () => {
    await start();
    await client.ready;
    const store = storeOf();
    await store.open();
    await server.kill();
    await eventually(() => lines.length === 1, 'a warning');
    await server.restart({ keepData: false });
    await eventually(() => store.network.isUp, 'Redis to be back');
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.slice(0, -1)).not.toContainEqual(
      expect.not.stringMatching(/^Redis cannot be reached: \w+\.$/),
    );
    expect(lines.at(-1)).toBe('Redis can be reached again.');
    store.close();
  });

  it('is said to refuse to write, and to write again, once where that comes and goes each second', async () => {
    await start();
    await client.ready;
    const store = storeOf();
    await store.open();
    const refuse = (): void => store.troubled(unavailable(new Error('OOM canary')), 'test|room');
    for (let times = 0; times < 3; times++) {
      refuse();
      await eventually(() => store.unavailableReason === undefined, 'the probe to succeed');
    }
    expect(lines).toEqual(['Redis refuses to write: OOM.', 'Redis writes again.']);
    store.close();
  });

  it('is said to have cut the connection for publications when its buffer for it was full', async () => {
    await start({ 'client-output-buffer-limit': 'pubsub 16kb 0 0' });
    await client.ready;
    const store = storeOf();
    await store.open();
    const link = store.network.linkOf('test|room');
    await link?.subscribe('{test|room}');
    await server.command('PUBLISH', '{test|room}', 'x'.repeat(16 * 1024 * 1024));
    await eventually(() => lines.length > 0, 'a line');
    await eventually(() => store.network.isUp, 'Redis to be back');
    expect(lines).toEqual([
      expect.stringMatching(
        /^The connection to Redis was lost .*client-output-buffer-limit pubsub/,
      ),
    ]);
    store.close();
  });
});

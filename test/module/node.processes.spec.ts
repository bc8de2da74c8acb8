import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Test } from '@nestjs/testing';
import { MemoryEngine, RevocationStore, RoomgateModule } from '../../src/index.js';
import { TestIssuer } from '../../src/toolkit/testing/test-issuer.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { setEnv } from '../support/env.js';
import '../support/process-budget.js';

class SharedEngine {
  start(): void {}
  stop(): void {}
}

class SharedStore extends RevocationStore {
  start(): void {}
  stop(): void {}
  add(): void {}
}

const child = (name: string): string =>
  fileURLToPath(new URL(`../support/child/${name}`, import.meta.url));

describe('One of several processes', () => {
  let restore = (): void => undefined;
  afterEach(() => restore());

  /** The warnings of a boot. */
  async function boot(instance: string | undefined, seams: object = {}): Promise<string> {
    restore = setEnv({ NODE_APP_INSTANCE: instance });
    const logger = new CapturedLogger();
    const issuers = [new TestIssuer().options];
    await Test.createTestingModule({ imports: [RoomgateModule.forRoot({ issuers, ...seams })] })
      .setLogger(logger)
      .compile();
    return logger.text;
  }

  it('is warned once at boot that rooms and revocations in memory end at the process', async () => {
    const lines = (await boot('1')).split('\n').filter((line) => line.includes('one of several'));
    expect(lines).toEqual([expect.stringContaining('Use RedisEngine and RedisRevocationStore')]);
    expect(lines[0]).toContain('(PM2), but MemoryEngine and MemoryRevocationStore reach');
  });

  it('is told of the part that is in memory alone', async () => {
    expect(await boot('2', { revocationStore: SharedStore })).toContain('but MemoryEngine reaches');
    expect(await boot('2', { engine: SharedEngine })).toContain(
      'but MemoryRevocationStore reaches',
    );
    expect(await boot('2', { engine: class extends MemoryEngine {} })).toContain('MemoryEngine');
  });

  it('is not warned where all is shared, nor when it is the only one', async () => {
    const shared = { engine: SharedEngine, revocationStore: SharedStore };
    expect(await boot('1', shared)).not.toContain('one of several');
    for (const instance of [undefined, '', '0', 'x'])
      expect(await boot(instance)).not.toContain('one of several');
  });

  it('is warned in each worker of node:cluster', async () => {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [
        '--import',
        child('register.mjs'),
        '--disable-warning=ExperimentalWarning',
        child('cluster-app.ts'),
        JSON.stringify([new TestIssuer().options]),
      ],
      { env: { PATH: process.env.PATH, NODE_ENV: 'test', NO_COLOR: '1' }, timeout: 60_000 },
    );
    const told = `${stdout}${stderr}`.match(/one of several \(node:cluster\)/g);
    expect(told).toHaveLength(2);
  }, 90_000);
});

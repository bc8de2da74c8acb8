import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/poll.js';
import '../../support/process-budget.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('A Redis of our own ends with the process that started it, however that ends', async () => {
  const parent = fork(here('../../support/child/orphaned-redis.ts'), {
    execArgv: ['--import', here('../../support/child/register.mjs')],
  });
  const [redis] = (await once(parent, 'message')) as [{ pid: number; folder: string }];
  expect(lives(redis.pid)).toBe(true);

  parent.kill('SIGKILL');
  await eventually(() => !lives(redis.pid), 'the orphan to end');
  await eventually(() => !existsSync(redis.folder), 'its folder to be removed');
});

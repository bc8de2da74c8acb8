import '../../support/process-budget.js';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';

jest.setTimeout(60_000);

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Report {
  readonly uncaught: readonly string[];
  readonly refused: readonly string[];
  readonly lines: readonly string[];
}

/** In a process of its own: what is not caught would end it. */
async function run(...args: readonly string[]): Promise<Report> {
  const child = fork(here('../../support/child/tls-redis.ts'), args, {
    execArgv: ['--import', here('../../support/child/register.mjs')],
  });
  try {
    const [report] = (await once(child, 'message')) as [Report];
    return report;
  } finally {
    child.kill('SIGKILL');
  }
}

describe.each(['ioredis', 'redis'])('A Redis over TLS, by %s', (client) => {
  it.concurrent.each([
    ['untrusted', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('that comes back with a certificate that is %s ends no process', async (fault, reason) => {
    const { uncaught, lines } = await run(client, fault, 'later');
    expect(uncaught).toEqual([]);
    expect(lines).toContain(`Redis cannot be reached: ${reason}.`);
    expect(lines).toContain('Redis can be reached again.');
  });

  it.concurrent('whose certificate is not trusted at boot is refused with the reason', async () => {
    const { uncaught, refused } = await run(client, 'untrusted', 'boot');
    expect(uncaught).toEqual([]);
    expect(refused[0]).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});

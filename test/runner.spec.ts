import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import './support/process-budget.js';
// @ts-expect-error -- JavaScript, which tools/tsconfig.json checks
import { installCommand } from './support/setup/prerequisites.js';
// @ts-expect-error -- JavaScript, which tools/tsconfig.json checks
import { affectedBy, findSpecs } from './support/setup/specs.js';
import { TempFiles } from './support/temp-files.js';

const RUNNER = fileURLToPath(new URL('./run.js', import.meta.url));

describe('npm test', () => {
  let files: TempFiles;
  beforeEach(() => (files = new TempFiles()));
  afterEach(() => files.remove());

  /** Only these commands are on the PATH; each leaves a file when it is called. */
  function commands(scripts: Record<string, string>): string {
    const folder = join(files.folder, 'bin');
    mkdirSync(folder);
    for (const [name, script] of Object.entries(scripts)) {
      const called = join(files.folder, `${name}-called`);
      writeFileSync(join(folder, name), `#!/bin/sh\necho "$@" >>'${called}'\n${script}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    return folder;
  }

  const wasCalled = (name: string): boolean => existsSync(join(files.folder, `${name}-called`));

  function plan(uid: number, PATH: string): { status: number | null; lines: string[] } {
    const asUser = `data:text/javascript,process.getuid=()=>${uid}`;
    const run = spawnSync(process.execPath, ['--import', asUser, RUNNER, '--plan'], {
      env: { PATH },
      encoding: 'utf8',
    });
    return { status: run.status, lines: run.stdout.trim().split('\n') };
  }

  it('says first how many files it runs and for how long', () => {
    const [first] = plan(1000, commands({})).lines;
    expect(first).toMatch(
      /^Running \d+ spec files: unit and e2e, then fault\. At most 5 minutes on two idle cores\.$/,
    );
  });

  it('ends with 1 without root, and says last what was not run and one command that brings it', () => {
    const { status, lines } = plan(1000, commands({ sudo: '', 'apt-get': '' }));
    expect(status).toBe(1);
    const notRun = lines.find((line) => line.startsWith('Not run, for want of '));
    expect(notRun).toContain('test/fault/redis/orders.fault-spec.ts');
    expect(notRun).not.toContain('tcp-proxy');
    expect(lines.filter((line) => line.includes('apt-get'))).toEqual([
      expect.stringMatching(/^To run them too, as root: apt-get install .*\bredis-server\b/),
    ]);
    expect(lines.at(-1)).toBe('0 passed, 0 failed');
  });

  it('calls neither sudo nor apt-get without root', () => {
    plan(1000, commands({ sudo: '', 'apt-get': '' }));
    expect(['sudo', 'apt-get'].filter(wasCalled)).toEqual([]);
  });

  it('installs what is missing as root, says so in one line, and leaves nothing out', () => {
    const bin = join(files.folder, 'bin');
    const brings = ['redis-server', 'openssl', 'nginx']
      .map((name) => `printf '#!/bin/sh\\n' >${bin}/${name}; /bin/chmod +x ${bin}/${name}`)
      .join('\n');
    const { lines } = plan(0, commands({ 'apt-get': `[ "$1" != install ] || { ${brings}; }` }));
    expect(lines.filter((line) => line.startsWith('Installing '))).toHaveLength(1);
    expect(lines.join('\n')).not.toContain('.fault-spec.ts');
  });

  it('goes on as for any other user when apt-get fails', () => {
    const { status, lines } = plan(
      0,
      commands({ 'apt-get': '[ "$1" = --version ] || { echo no network >&2; exit 100; }' }),
    );
    expect(status).toBe(1);
    expect(lines).toContain('apt-get failed: no network');
    expect(lines.join('\n')).toContain('To run them too, as root: ');
  });
});

describe('The spec files that need a program', () => {
  const specs = findSpecs(['unit', 'e2e', 'fault']);

  it('are found by their imports', () => {
    expect(affectedBy(specs, 'test/support/python.ts')).toContain(
      'test/e2e/python-client.e2e-spec.ts',
    );
    expect(affectedBy(specs, 'test/support/python.ts')).not.toContain(
      'test/e2e/sigterm.e2e-spec.ts',
    );
  });

  it('are found by the program that they start', () => {
    expect(affectedBy(specs, 'test/support/redis/redis-process.ts')).toContain(
      'test/fault/harness/orphans.fault-spec.ts',
    );
  });

  it('are brought by one command', () => {
    expect(installCommand(['redis', 'websocket'])).toBe(
      'apt-get install -y --no-install-recommends redis-server python3-websocket',
    );
  });
});

/**
 * Why this exists: `npm test` sets itself up on a bare Debian machine, says what it will do, shows a line of progress
 * every ten seconds, and ends with one line that counts.
 *
 *   npm test                          every test: unit and e2e, then fault (real Redis servers)
 *   npm test -- --fast                unit and e2e alone
 *   npm test -- --e2e                e2e alone
 *   npm test -- --plan                says what would run and what is missing, and runs nothing
 *   npm test -- --coverage            every test, and the coverage that package.json asks for
 *   npm test -- test/room -t resumes  arguments for Jest
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { affectedBy, findSpecs } from './support/setup/specs.js';
import { install, installCommand, TEST_PREREQUISITES } from './support/setup/prerequisites.js';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The fault tests measure times of real servers, so they run one after another. */
const GROUPS = [
  { name: 'unit and e2e', projects: ['unit', 'e2e'], args: [], isFast: true },
  { name: 'fault', projects: ['fault'], args: ['--runInBand'], isFast: false },
];

const E2E = { name: 'e2e', projects: ['e2e'], args: [], isFast: true };

/**
 * Runs Jest and resolves with its exit code and what the reporter counted.
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number, passed: number, failed: number }>}
 */
async function jest(args) {
  const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...node, 'node_modules/jest/bin/jest.js', ...args], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'test' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, forward);
  let counts = { passed: 0, failed: 0 };
  child.on('message', (message) => (counts = /** @type {typeof counts} */ (message)));
  const [code] = await once(child, 'exit');
  return { code: code ?? 1, ...counts };
}

/** Everything, or the fast part of it. @param {readonly string[]} flags */
async function runAll(flags) {
  const startedAt = performance.now();
  const groups = flags.includes('--e2e')
    ? [E2E]
    : GROUPS.filter(({ isFast }) => isFast || !flags.includes('--fast'));
  const specs = groups.map(({ projects }) => findSpecs(projects));
  const files = specs.flat().length;
  const minutes = groups.includes(GROUPS[1]) ? 5 : 3;
  console.log(
    `Running ${files} spec files: ${groups.map(({ name }) => name).join(', then ')}. ` +
      `At most ${minutes} minutes on two idle cores.`,
  );

  const names = /** @type {(keyof typeof TEST_PREREQUISITES)[]} */ (
    Object.keys(TEST_PREREQUISITES)
  ).filter((name) => affectedBy(specs.flat(), TEST_PREREQUISITES[name]).length > 0);
  const lacking = install(names);
  const skipped = new Set(
    lacking.flatMap((name) =>
      affectedBy(specs.flat(), TEST_PREREQUISITES[/** @type {'redis'} */ (name)]),
    ),
  );

  const total = { passed: 0, failed: 0, code: 0 };
  for (const [i, { name, projects, args }] of groups.entries()) {
    const runnable = specs[i].filter((file) => !skipped.has(file));
    if (runnable.length === 0 || flags.includes('--plan')) continue;
    const { passed, failed, code } = await jest([
      '--selectProjects',
      ...projects,
      ...args,
      '--passWithNoTests=false',
      '--reporters=<rootDir>/test/support/setup/progress-reporter.js',
      ...(flags.includes('--coverage') && i === 0 ? ['--coverage'] : []),
      ...(skipped.size > 0 ? ['--runTestsByPath', ...runnable] : []),
    ]);
    if (code !== 0 && failed === 0) console.log(`${name}: Jest ended with exit code ${code}.`);
    total.passed += passed;
    total.failed += failed;
    total.code ||= code;
  }

  if (skipped.size > 0) {
    total.code ||= 1;
    console.log(`Not run, for want of ${lacking.join(', ')}: ${[...skipped].join(' ')}`);
    console.log(`To run them too, as root: ${installCommand(lacking)}`);
  }
  console.log(`Took ${Math.round((performance.now() - startedAt) / 1000)} s.`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.code;
}

const args = process.argv.slice(2);
const isAll = args.every((it) => ['--fast', '--e2e', '--coverage', '--plan'].includes(it));
process.exitCode = isAll ? await runAll(args) : (await jest(args)).code;

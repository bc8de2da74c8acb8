// Looks at the machine before anything is measured, and says plainly what is missing.
import { execFileSync, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { obstacleOf } from '../servers/availability.js';

/** Files that a process has open besides its connections. */
const OTHER_FILES = 200;

/** What a run needs and the machine does not have, to be told without a stack. */
export class PreflightError extends Error {}

/** @param {{ sockets: number }[]} jobs */
export function checkOpenFiles(jobs) {
  const needed = Math.max(...jobs.map(({ sockets }) => sockets)) + OTHER_FILES;
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  if (limit === 'unlimited' || Number(limit) >= needed) return;
  throw new PreflightError(
    `These jobs open up to ${needed} files in one process, but this shell allows ${limit}: ` +
      `run "ulimit -n ${needed}" first, or choose smaller jobs with --job.`,
  );
}

/** @returns {Promise<void>} */
export function checkLoopback() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () => {
      reject(
        new PreflightError(
          'Client sockets are spread over 127.0.0.2 to 127.0.0.9, which this machine does not ' +
            'answer on: on macOS add them with "ifconfig lo0 alias", elsewhere see the loopback interface.',
        ),
      );
    });
    server.listen(0, '127.0.0.9', () => server.close(() => resolve()));
  });
}

/**
 * @param {import('../jobs/job.types.js').Job[]} jobs
 * @returns {{ jobs: import('../jobs/job.types.js').Job[], notes: string[] }} without those whose program is not installed
 */
export function chooseRunnable(jobs) {
  const missing = jobs.filter(({ program }) => program && !isInstalled(program));
  return {
    jobs: jobs.filter((job) => !missing.includes(job)),
    notes: missing.map(({ name, program }) => `${name} is left out: ${program} is not installed`),
  };
}

/** @param {string} program */
function isInstalled(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * @param {string[]} servers
 * @returns {{ servers: string[], notes: string[] }} without those that need not run everywhere
 */
export function chooseAvailable(servers) {
  /** @type {string[]} */
  const notes = [];
  const available = servers.filter((name) => {
    const problem = obstacleOf(name);
    if (problem && !problem.mayBeMissing) {
      throw new PreflightError(`${name} cannot run: ${problem.obstacle}.`);
    }
    if (problem) notes.push(`${name} is left out: ${problem.obstacle}`);
    return !problem;
  });
  return { servers: available, notes };
}

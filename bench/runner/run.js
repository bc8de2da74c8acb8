// A run: repetition by repetition, job by job, server by server, so that a slow minute of the machine
// falls on all servers alike.
import { killAllChildren } from '../ipc/children.js';
import { BEFORE, SERVERS } from '../servers/index.js';
import { equip } from './equipment.js';
import { RedisTrial } from './redis-trial.js';
import { Results } from './results.js';
import { serverOptions, Trial } from './trial.js';

/**
 * @typedef {object} Plan
 * @property {import('../jobs/job.types.js').Job[]} jobs
 * @property {string[]} servers
 * @property {number} repetitions
 * @property {(cell: string) => boolean} wants
 * @property {import('./cores.js').Pinning} pinning
 */

/**
 * @param {Plan} plan
 * @param {import('../cli/progress.js').Progress} progress
 * @returns {Promise<{ results: Results, failure: unknown }>} what was measured before a failure, too
 */
export async function run(plan, progress) {
  const { jobs, servers, repetitions, pinning } = plan;
  const results = new Results();
  try {
    const equipment = await equip(pinning);
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const job of jobs) {
        for (const server of inTurn(serversOf(job, servers), repetition)) {
          progress.begin(repetition, job.name, server);
          await measure(job, server, repetition, plan, equipment, results, progress);
        }
      }
    }
    return { results, failure: null };
  } catch (failure) {
    return { results, failure };
  } finally {
    killAllChildren();
    progress.end();
  }
}

/**
 * @param {import('../jobs/job.types.js').Job} job
 * @param {string[]} servers
 */
export function serversOf(job, servers) {
  const known = (/** @type {string} */ name) => (name === BEFORE ? 'roomgate' : name);
  return servers.filter((name) => job.servers?.includes(known(name)) ?? SERVERS[name].dialect);
}

/**
 * Every repetition begins with another server, so that none is always first.
 *
 * @param {string[]} servers
 * @param {number} repetition
 */
function inTurn(servers, repetition) {
  const first = servers.length ? repetition % servers.length : 0;
  return [...servers.slice(first), ...servers.slice(0, first)];
}

/**
 * @param {import('../jobs/job.types.js').Job} job
 * @param {string} server
 * @param {number} repetition
 * @param {Plan} plan
 * @param {import('./equipment.js').Equipment} equipment
 * @param {Results} results
 * @param {import('../cli/progress.js').Progress} progress
 */
async function measure(job, server, repetition, plan, equipment, results, progress) {
  try {
    await job.measure({
      begin: (algorithm, file) => Trial.begin(server, equipment, algorithm, file),
      beginNodes: (file, choice) => RedisTrial.begin(server, file, choice, plan.pinning),
      optionsOf: (algorithm) => serverOptions(equipment.keys, algorithm),
      load: equipment.load,
      server,
      wants: plan.wants,
      record: (cell, sample) => {
        if (plan.wants(cell)) results.add(job.name, cell, server, repetition, sample);
      },
      note: (cell) => progress.note(cell),
    });
  } catch (error) {
    throw new Error(`${job.name}, ${server}, repetition ${repetition + 1} failed`, {
      cause: error,
    });
  }
}

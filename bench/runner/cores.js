// One core for the server, another for the load generator, so that neither takes time from the other.
import { execFileSync } from 'node:child_process';

/**
 * @typedef {object} Pinning
 * @property {string[]} server  put before the command
 * @property {string[]} load
 * @property {string} note  for the report
 */

/** @returns {Pinning} */
export function choosePinning() {
  const cores = allowedCores();
  if (cores.length < 2) {
    return { server: [], load: [], note: 'not pinned: taskset or a second core is missing' };
  }
  const [server, load] = cores;
  return {
    server: ['taskset', '-c', server],
    load: ['taskset', '-c', load],
    note: `server on core ${server}, load generator on core ${load}`,
  };
}

/** @returns {string[]} none where taskset is not available */
function allowedCores() {
  try {
    const answer = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
    const list = answer.slice(answer.lastIndexOf(':') + 1).trim();
    return list.split(',').flatMap(coresOfRange);
  } catch {
    return [];
  }
}

/** @param {string} range  "3" or "0-5" */
function coresOfRange(range) {
  const [first, last = first] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
}

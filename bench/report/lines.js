// From samples to the lines of the tables: one per server and cell, paired with the control.
import { CONTROL } from '../servers/index.js';
import { summarise } from './statistics.js';

/**
 * @typedef {object} Line
 * @property {string} server
 * @property {import('./statistics.js').Summary} value
 * @property {import('./statistics.js').Summary | null} user
 * @property {import('./statistics.js').Summary | null} system
 * @property {import('./statistics.js').Summary | null} load
 * @property {import('./statistics.js').Summary | null} ratio  to the control, within each repetition
 * @property {import('./statistics.js').Summary | null} excess  above the control, within each repetition
 */

/**
 * @param {import('../runner/results.js').Results} results
 * @param {string} job
 * @param {string} cell
 * @param {string[]} servers
 * @returns {Line[]} only of servers that were measured
 */
export function linesOf(results, job, cell, servers) {
  const control = results.of(job, cell, CONTROL);
  return servers.flatMap((server) => {
    const samples = results.of(job, cell, server);
    const value = summarise(pick(samples, 'value'));
    if (!value) return [];
    const paired = samples.flatMap((sample, repetition) => {
      const reference = control[repetition];
      return sample && reference ? [{ own: sample.value, reference: reference.value }] : [];
    });
    return {
      server,
      value,
      user: summarise(pick(samples, 'user')),
      system: summarise(pick(samples, 'system')),
      load: summarise(pick(samples, 'load')),
      ratio: summarise(paired.map(({ own, reference }) => own / reference)),
      excess: summarise(paired.map(({ own, reference }) => own - reference)),
    };
  });
}

/**
 * @param {(import('../runner/trial.js').Sample | undefined)[]} samples
 * @param {'value' | 'user' | 'system' | 'load'} field
 * @returns {number[]}
 */
function pick(samples, field) {
  return samples.flatMap((sample) => sample?.[field] ?? []);
}

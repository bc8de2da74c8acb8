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
 * @property {Record<string, import('./statistics.js').Summary>} parts
 * @property {import('./statistics.js').Summary | null} ratio  to the control, within each repetition
 * @property {import('./statistics.js').Summary | null} excess  above the control, within each repetition
 */

/**
 * @param {import('../runner/results.js').Results} results
 * @param {string} job
 * @param {string} cell
 * @param {string[]} servers
 * @param {string} [controlName]
 * @returns {Line[]} only of servers that were measured
 */
export function linesOf(results, job, cell, servers, controlName = CONTROL) {
  const control = results.of(job, cell, controlName);
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
      parts: partsOf(samples),
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

/** @param {(import('../runner/trial.js').Sample | undefined)[]} samples */
function partsOf(samples) {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample?.parts ?? {})));
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const summary = summarise(samples.flatMap((sample) => sample?.parts?.[name] ?? []));
      return summary ? [[name, summary]] : [];
    }),
  );
}

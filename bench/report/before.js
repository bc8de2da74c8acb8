// The package beside what it was at another revision: paired within each repetition.
import { BEFORE } from '../servers/index.js';
import { short, times } from './numbers.js';
import { quantile } from './statistics.js';

/** A median ratio up to here is no change that anybody would notice; above it the quartiles have to overlap. */
const MAX_RATIO = 1.03;

/**
 * @typedef {object} Comparison
 * @property {string} cell
 * @property {number[]} before  sorted
 * @property {number[]} after  sorted
 * @property {number} ratio  median of the ratios within each repetition
 * @property {boolean} holds
 */

/**
 * @param {import('../jobs/job.types.js').Job[]} jobs
 * @param {import('../runner/results.js').Results} results
 * @returns {Comparison[]} of the cells that both were measured in
 */
export function compareBefore(jobs, results) {
  return jobs.flatMap((job) =>
    job.cells.flatMap(({ name }) => {
      const before = results.of(job.name, name, BEFORE);
      const pairs = results.of(job.name, name, 'roomgate').flatMap((after, repetition) => {
        const other = before[repetition];
        return after && other ? [{ before: other.value, after: after.value }] : [];
      });
      return pairs.length === 0 ? [] : compare(`${job.name}: ${name}`, pairs);
    }),
  );
}

/**
 * @param {string} cell
 * @param {{ before: number, after: number }[]} pairs
 * @returns {Comparison}
 */
function compare(cell, pairs) {
  const before = sorted(pairs.map((pair) => pair.before));
  const after = sorted(pairs.map((pair) => pair.after));
  const ratio = quantile(sorted(pairs.map((pair) => pair.after / pair.before)), 0.5);
  const overlap = quantile(after, 0.25) <= quantile(before, 0.75);
  return { cell, before, after, ratio, holds: ratio <= MAX_RATIO || overlap };
}

/** @param {Comparison[]} comparisons */
export function beforeTable(comparisons) {
  const head = ['cell', 'before', 'q1–q3', 'after', 'q1–q3', 'after / before', 'verdict'];
  const rows = comparisons.map(({ cell, before, after, ratio, holds }) => [
    cell,
    short(quantile(before, 0.5)),
    quartiles(before),
    short(quantile(after, 0.5)),
    quartiles(after),
    times(ratio),
    ratio <= MAX_RATIO ? 'pass' : holds ? 'pass: quartiles overlap' : 'FAIL',
  ]);
  return [head, ...rows];
}

/** @param {number[]} values */
const quartiles = (values) => `${short(quantile(values, 0.25))}–${short(quantile(values, 0.75))}`;

/** @param {number[]} values */
const sorted = (values) => values.toSorted((a, b) => a - b);

// Holds roomgate against its bars: the median must not pass the bar, the upper quartile not by more
// than a tenth.
import { JOBS } from '../jobs/index.js';
import { linesOf } from './lines.js';
import { short, spread } from './numbers.js';

const JUDGED = 'roomgate';
const QUARTILE_TOLERANCE = 1.1;

/**
 * @typedef {object} Verdict
 * @property {import('../bars.js').Bar} bar
 * @property {import('./statistics.js').Summary} summary
 * @property {boolean} passed
 */

/**
 * @param {import('../bars.js').Bar[]} bars
 * @param {import('../runner/results.js').Results} results
 * @param {string[]} servers
 * @returns {Verdict[]} only of bars whose cells were measured
 */
export function judge(bars, results, servers) {
  return bars.flatMap((bar) => {
    const control = JOBS.find(({ name }) => name === bar.job)?.control;
    const lines = linesOf(results, bar.job, bar.cell, servers, control);
    const summary = lines.find(({ server }) => server === JUDGED)?.[bar.of];
    if (!summary) return [];
    const passed =
      summary.median <= bar.atMost && summary.upperQuartile <= bar.atMost * QUARTILE_TOLERANCE;
    return { bar, summary, passed };
  });
}

/** @param {Verdict[]} verdicts */
export function verdictTable(verdicts) {
  const head = ['bar', 'what', 'at most', 'median', 'q3', 'min–max', 'verdict'];
  const rows = verdicts.map(({ bar, summary, passed }) => [
    `${bar.job}: ${bar.cell}`,
    bar.of === 'ratio' ? '×control' : bar.of === 'excess' ? 'above control' : 'value',
    String(bar.atMost),
    short(summary.median),
    short(summary.upperQuartile),
    spread(summary),
    passed ? 'pass' : 'FAIL',
  ]);
  return [head, ...rows];
}

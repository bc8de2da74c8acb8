// The report as Markdown: how it was measured, then a table per cell and a plot per job.
import { SERVERS } from '../servers/index.js';
import { beforeTable } from './before.js';
import { verdictTable } from './check.js';
import { linesOf } from './lines.js';
import { forMarkdown, tableOf } from './table.js';

/**
 * @typedef {object} ReportInput
 * @property {import('../jobs/job.types.js').Job[]} jobs
 * @property {string[]} servers
 * @property {import('../runner/results.js').Results} results
 * @property {number} repetitions
 * @property {string} machine
 * @property {string[]} notes
 * @property {import('./check.js').Verdict[]} verdicts
 * @property {import('./before.js').Comparison[]} comparisons
 */

/**
 * @param {ReportInput} input
 * @returns {string}
 */
export function markdownReport(input) {
  const { jobs, servers, results, repetitions, machine, notes, verdicts, comparisons } = input;
  const title = [
    '# Benchmark',
    `${machine}. ${repetitions} repetitions, servers alternating within each.`,
    'The figure is CPU time of the server process, user and system together, per unit of work, read ' +
      'at the borders of the measured phase; of memory and lag it is what the unit says. `×control` is ' +
      'the median of the ratios to `ws`, or to what the job names, within each repetition; `q3` is the upper quartile; ' +
      '`client` is the CPU of the load generator. The ratio of `ws-again` shows the noise.',
    servers.map((name) => `- \`${name}\`: ${SERVERS[name].what}`).join('\n'),
    notes.map((note) => `- ${note}`).join('\n'),
  ];
  const bars = verdicts.length > 0 ? ['## Bars', forMarkdown(verdictTable(verdicts))] : [];
  const before =
    comparisons.length > 0 ? ['## Before and after', forMarkdown(beforeTable(comparisons))] : [];
  const chapters = jobs.flatMap((job) => {
    const sections = job.cells.flatMap(({ name, unit }) => {
      const lines = linesOf(results, job.name, name, servers, job.control);
      return lines.length === 0 ? [] : [`### ${name}, ${unit}`, forMarkdown(tableOf(lines))];
    });
    const head = [`## ${job.name}`, `${job.what}.`, `![${job.name}](${job.name}.svg)`];
    return sections.length === 0 ? [] : [...head, ...sections];
  });
  return [...title, ...bars, ...before, ...chapters].filter(Boolean).join('\n\n') + '\n';
}

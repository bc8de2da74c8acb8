// The report for people in front of a terminal.
import { beforeTable } from './before.js';
import { verdictTable } from './check.js';
import { linesOf } from './lines.js';
import { forTerminal, tableOf } from './table.js';

/**
 * @param {Pick<import('./markdown.js').ReportInput, 'jobs' | 'servers' | 'results' | 'notes' | 'verdicts' | 'comparisons'>} input
 * @returns {string}
 */
export function terminalReport({ jobs, servers, results, notes, verdicts, comparisons }) {
  const tables = jobs.flatMap((job) =>
    job.cells.flatMap(({ name, unit }) => {
      const lines = linesOf(results, job.name, name, servers, job.control);
      if (lines.length === 0) return [];
      return `${job.name}: ${name}, ${unit}\n${forTerminal(tableOf(lines))}`;
    }),
  );
  const bars = verdicts.length > 0 ? [`bars\n${forTerminal(verdictTable(verdicts))}`] : [];
  const before =
    comparisons.length > 0 ? [`before and after\n${forTerminal(beforeTable(comparisons))}`] : [];
  return [...tables, ...bars, ...before, notes.join('\n')].join('\n\n');
}

// Puts a run's report into a folder of its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownReport } from './markdown.js';
import { plotOf } from './plot.js';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/**
 * @param {import('./markdown.js').ReportInput} input
 * @param {string | undefined} out
 * @returns {string} the folder
 */
export function writeReport(input, out) {
  const folder = out ? resolve(out) : join(RESULTS, timeName(new Date()));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'report.md'), markdownReport(input));
  writeFileSync(join(folder, 'samples.json'), JSON.stringify(input.results, null, 2) + '\n');
  for (const job of input.jobs) {
    writeFileSync(join(folder, `${job.name}.svg`), plotOf(job, input.results, input.servers));
  }
  return folder;
}

/** @param {Date} date */
function timeName(date) {
  return date.toISOString().slice(0, 19).replaceAll(':', '-');
}

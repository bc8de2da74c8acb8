// The table of one cell as rows of text, for the terminal and for Markdown alike.
import { short, spread, times } from './numbers.js';

const HEAD = [
  'server',
  'median',
  'min–max',
  'q3',
  'user',
  'system',
  '×control',
  'min–max',
  'q3',
  'client',
];

/**
 * @param {import('./lines.js').Line[]} lines
 * @returns {string[][]} the head first
 */
export function tableOf(lines) {
  const parts = [...new Set(lines.flatMap(({ parts }) => Object.keys(parts)))];
  const head = [...HEAD, ...parts];
  const rows = lines.map(({ server, value, user, system, ratio, load, ...line }) => [
    server,
    short(value.median),
    spread(value),
    short(value.upperQuartile),
    short(user?.median),
    short(system?.median),
    times(ratio?.median),
    spread(ratio),
    times(ratio?.upperQuartile),
    short(load?.median),
    ...parts.map((name) => short(line.parts[name]?.median)),
  ]);
  const table = [head, ...rows];
  const used = head.map((_, column) => rows.some((row) => row[column] !== ''));
  return table.map((row) => row.filter((_, column) => used[column]));
}

/**
 * @param {string[][]} table
 * @returns {string}
 */
export function forTerminal(table) {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table
    .map((row) =>
      row
        .map((text, column) =>
          column ? text.padStart(widths[column]) : text.padEnd(widths[column]),
        )
        .join('  '),
    )
    .join('\n');
}

/**
 * @param {string[][]} table
 * @returns {string}
 */
export function forMarkdown([head, ...rows]) {
  const rule = head.map((_, column) => (column ? '---:' : '---'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/**
 * Why this exists: tables in README.md and PROTOCOL.md repeat what the code already knows (options and
 * defaults, environment variables, refusals, close codes), and repeated facts drift apart. Each table stands
 * between `<!-- name:start -->` and `<!-- name:end -->` and has to say what the code says; with `--write` it
 * is made from the code. doc-tables.js says which tables there are.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { read, report, root } from './common.js';
import { TABLES } from './doc-tables.js';

/** @param {unknown[]} cells */
const line = (cells) => `| ${cells.map((it) => String(it).replaceAll('|', '\\|')).join(' | ')} |`;

/** Tables that differ only in padding are equal. @param {string} table */
const linesOf = (table) =>
  table
    .trim()
    .split('\n')
    .map((it) => it.replace(/-{3,}/g, '---').replace(/\s+/g, ' ').trim());

/** @type {string[]} */
const problems = [];

/** What the code says, as lines; undefined when it cannot be asked. @param {import('./doc-tables.js').Table} table */
async function linesFromCode(table) {
  const built = path.join(root, table.from);
  if (!existsSync(built)) {
    problems.push(`${table.from} is not there: run \`npm run build\` first`);
    return undefined;
  }
  const value = (await import(pathToFileURL(built).href))[table.export];
  if (!value) {
    problems.push(`${table.from} does not export ${table.export}`);
    return undefined;
  }
  return [table.head, table.head.map(() => '---'), ...table.rows(value, problems)].map(line);
}

/** @param {string} name @param {boolean} write */
async function check(name, write) {
  const table = TABLES[name];
  const file = path.join(root, table.document);
  const text = existsSync(file) ? read(table.document) : '';
  const start = `<!-- ${name}:start -->`;
  if (table.optional && !text.includes(start)) return;
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(`<!-- ${name}:end -->`);
  const wanted = await linesFromCode(table);
  if (from < start.length || to < from) {
    problems.push(
      `${table.document}: wants the table of ${table.export} after a line ${start} and before its :end`,
    );
  } else if (wanted && write) {
    writeFileSync(file, `${text.slice(0, from)}\n${wanted.join('\n')}\n${text.slice(to)}`);
  } else if (wanted) {
    const [has, wants] = [linesOf(text.slice(from, to)), linesOf(wanted.join('\n'))];
    const first = text.slice(0, from).split('\n').length + 1;
    for (const [i, it] of has.entries()) {
      if (!wants.includes(it))
        problems.push(`${table.document}:${first + i}: not in ${table.export}: ${it}`);
    }
    for (const it of wants) {
      if (!has.includes(it))
        problems.push(`${table.document}:${first}: ${name} should have: ${it}`);
    }
  }
}

const write = process.argv.includes('--write');
for (const name of Object.keys(TABLES)) await check(name, write);
report(
  `${Object.keys(TABLES).length} tables ${write ? 'written' : 'say what the code says'}`,
  problems,
  write ? undefined : '`node tools/check-docs.js --write` makes the tables from the code',
);

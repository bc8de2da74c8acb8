/**
 * Why this exists: tables in the documents repeat what the code already knows (options and defaults,
 * environment variables, refusals, close codes), and repeated facts drift apart. Each table stands in one
 * document, between `<!-- name:start -->` and `<!-- name:end -->`, and has to say what the code says; with
 * `--write` it is made from the code. doc-tables.js says which tables there are. Links between the documents
 * have to lead to a file that exists and, with a fragment, to one of its headings; tests that they name have to
 * be there. README stays short enough to be read.
 */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { documents, filesBelow, read, report, root } from './common.js';
import { TABLES } from './doc-tables.js';

/** @param {unknown[]} cells */
const line = (cells) => `| ${cells.map((it) => String(it).replaceAll('|', '\\|')).join(' | ')} |`;

/** Tables that differ only in padding are equal. @param {string} table */
const linesOf = (table) =>
  table
    .trim()
    .split('\n')
    .map((it) => it.replace(/-{3,}/g, '---').replace(/\s+/g, ' ').trim());

const MAX_README_LINES = 220;

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
  const start = `<!-- ${name}:start -->`;
  const [document, twin] = pages.filter((it) => read(it).includes(start));
  if (twin) problems.push(`${twin}: the table of ${table.export} stands in ${document} already`);
  if (!document) {
    if (!table.optional) problems.push(`no document has the table of ${table.export}: ${start}`);
    return;
  }
  const text = read(document);
  const from = text.indexOf(start) + start.length;
  const to = text.indexOf(`<!-- ${name}:end -->`);
  const wanted = await linesFromCode(table);
  if (to < from) {
    problems.push(`${document}: the table of ${table.export} wants a line <!-- ${name}:end -->`);
  } else if (wanted && write) {
    writeFileSync(
      path.join(root, document),
      `${text.slice(0, from)}\n${wanted.join('\n')}\n${text.slice(to)}`,
    );
  } else if (wanted) {
    const [has, wants] = [linesOf(text.slice(from, to)), linesOf(wanted.join('\n'))];
    const first = text.slice(0, from).split('\n').length + 1;
    for (const [i, it] of has.entries()) {
      if (!wants.includes(it))
        problems.push(`${document}:${first + i}: not in ${table.export}: ${it}`);
    }
    for (const it of wants) {
      if (!has.includes(it)) problems.push(`${document}:${first}: ${name} should have: ${it}`);
    }
  }
}

/** What GitHub makes of a heading. @param {string} heading */
const slug = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

/** @param {string} document */
function checkLinks(document) {
  const text = read(document).replace(/^```[^]*?^```/gm, (fence) => fence.replace(/[^\n]/g, ''));
  for (const { index, 1: link } of text.matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)) {
    const [to, fragment] = link.split('#');
    const target = to ? path.join(path.dirname(document), to) : document;
    const headings = () => [...read(target).matchAll(/^#+ (.+)$/gm)].map((it) => slug(it[1]));
    if (
      !existsSync(path.join(root, target)) ||
      (fragment !== undefined && !headings().includes(fragment))
    ) {
      const at = text.slice(0, index).split('\n').length;
      problems.push(`${document}:${at}: the link leads nowhere: ${link}`);
    }
  }
}

const tests = filesBelow('test', '');
/** A test is named by its path, or by the beginning of it. @param {string} document */
function checkTests(document) {
  for (const { index, 1: name } of read(document).matchAll(/(?<!\/\/ |[\w./-])(test\/[\w./-]+)/g)) {
    if (tests.some((it) => it.startsWith(name))) continue;
    const at = read(document).slice(0, index).split('\n').length;
    problems.push(`${document}:${at}: there is no test of this name: ${name}`);
  }
}

const stages = filesBelow('src', '.ts').map((it) => it.slice('src/'.length));
/** `room/delivery.ts` is a file of src. The pages describe the folders with `core/` and `module/`. @param {string} document */
function checkSources(document) {
  if (!stages.some((it) => it.startsWith('core/'))) return;
  const folders = new Set(stages.map((it) => it.split('/')[0]));
  for (const { index, 1: name } of read(document).matchAll(/`([\w-]+\/[\w./-]+\.ts)`/g)) {
    if (!folders.has(name.split('/')[0]) || stages.includes(name)) continue;
    const at = read(document).slice(0, index).split('\n').length;
    problems.push(`${document}:${at}: src has no such file: ${name}`);
  }
}

const pages = documents();
for (const page of pages) {
  checkLinks(page);
  checkTests(page);
  checkSources(page);
}
const length = read('README.md').trimEnd().split('\n').length;
if (length > MAX_README_LINES)
  problems.push(`README.md: ${length} lines, at most ${MAX_README_LINES}: move some to docs/`);
const write = process.argv.includes('--write');
for (const name of Object.keys(TABLES)) await check(name, write);
report(
  `${Object.keys(TABLES).length} tables ${write ? 'written' : 'say what the code says'}, links and tests of ${pages.length} pages are there`,
  problems,
  write ? undefined : '`node tools/check-docs.js --write` makes the tables from the code',
);

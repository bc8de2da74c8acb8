/**
 * Why this exists: long sentences and private words come back with every change, and a review gets used to them. This
 * counts, in the pages and in the comments of src: sentences of more than 25 words, lines of more than 120 characters,
 * words that docs/glossary.md has better ones for, and citations of documents that are not in the repository.
 * prose-allowed.json has the counts that are left from before, by page and by folder of src. They may only shrink.
 *
 *   node tools/check-prose.js                 compares the counts
 *   node tools/check-prose.js docs/rooms.md   lists what is counted in a page, or below a folder of src
 *   node tools/check-prose.js --write         lowers the allowed counts; where files have moved, it moves them
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { documents, filesBelow, read, report, root } from './common.js';

const MAX_WORDS = 25;
const MAX_LINE = 120;
const ALLOWED = 'tools/prose-allowed.json';

/** Words that name no actor, or a picture in place of the field's term. */
const BANNED = [
  'somebody|nobody|everybody|anybody|whoever|whomever',
  'anew|meanwhile|thereupon|herewith|whereabouts|newcomers?',
  'let(s|ting)? (it |them |him )?go|c(o|a)mes? back|coming back',
  'told|patience|impatient|knock(s|ed|ing)?|turnstile|greet(s|ed|ing)?',
  'none the worse|without a word|in silence',
];
const WORDS = new RegExp(`\\b(${BANNED.join('|')})\\b`, 'gi');
/** Documents that the project was designed by, and that a reader of the repository does not have. */
const OUTSIDE = /\b(design|security|cases|redesign|style)\.md\b/g;
/** The page that says which words not to use. */
const GLOSSARY = 'docs/glossary.md';

/** @typedef {'sentences' | 'lines' | 'words' | 'outside'} Kind */
/** @typedef {{ kind: Kind, where: string, what: string }} Found */
/** @typedef {{ line: number, text: string }} Block text that belongs together, and where it begins */

/** `code`, links and quotes as a reader counts them: one word, or the words that are shown. @param {string} text */
const shown = (text) =>
  text
    .replace(/`[^`]*`/g, 'code')
    .replace(/\{@link ([^}]*)\}/g, '$1')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]*>/g, ' ');

/** @param {string} text */
const sentencesOf = (text) =>
  shown(text)
    .replace(/\b(e\.g|i\.e|etc|vs)\./g, '$1')
    .split(/(?<=[.!?][)"'*]*)\s+(?=["'(*]*[\p{Lu}\d]|code\b|roomgate\b)|\n\n/u)
    .map((it) => it.replace(/\s+/g, ' ').trim());

/** @param {string} sentence */
const countWords = (sentence) => sentence.split(/\s/).filter((it) => /[\p{L}\d]/u.test(it)).length;

/** @param {string} file @param {Block[]} blocks @returns {Found[]} */
function problemsIn(file, blocks) {
  /** @type {Found[]} */
  const found = [];
  for (const { line, text } of blocks) {
    const where = `${file}:${line}`;
    for (const sentence of sentencesOf(text)) {
      const count = countWords(sentence);
      if (count > MAX_WORDS)
        found.push({ kind: 'sentences', where, what: `${count} words: ${sentence}` });
    }
    if (file !== GLOSSARY) found.push(...wordsIn(where, text));
  }
  return found;
}

/** @param {string} where @param {string} text @returns {Found[]} */
function wordsIn(where, text) {
  const words = [...shown(text).matchAll(WORDS)].map(([what]) => what);
  const outside = [...text.matchAll(OUTSIDE)].map(([what]) => what);
  return [
    ...words.map((what) => ({ kind: /** @type {const} */ ('words'), where, what })),
    ...outside.map((what) => ({ kind: /** @type {const} */ ('outside'), where, what })),
  ];
}

/** What is no prose: code, comments, and tables that are made from the code; as empty lines. @param {string} markdown */
const withoutCode = (markdown) =>
  markdown.replace(
    /^```[^]*?^```|<!-- ([\w-]+):start -->[^]*?<!-- \1:end -->|<!--[^]*?-->/gm,
    (code) => code.replace(/[^\n]/g, ''),
  );

/** A page: paragraphs, list items and headings are blocks; of a table only the words count. @param {string} page */
function inPage(page) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {Found[]} */
  const found = [];
  let isOpen = false;
  for (const [i, text] of withoutCode(read(page)).split('\n').entries()) {
    const isTable = text.startsWith('|');
    const line = i + 1;
    if (isTable && page !== GLOSSARY) found.push(...wordsIn(`${page}:${line}`, text));
    if (!isTable && text.length > MAX_LINE)
      found.push({ kind: 'lines', where: `${page}:${line}`, what: `${text.length} characters` });
    const [marker] = /^\s*([-*]|\d+\.|#+|>)\s+/.exec(text) ?? [''];
    const begins = marker !== '' || !isOpen;
    isOpen = !isTable && text.trim() !== '' && !marker.startsWith('#');
    if (isTable || text.trim() === '') continue;
    const last = blocks.at(-1);
    if (begins || !last) blocks.push({ line, text: text.slice(marker.length) });
    else last.text += `\n${text}`;
  }
  return [...found, ...problemsIn(page, blocks)];
}

/** The comments of a file: JSDoc with its tags apart, and `//` lines that follow one another. @param {string} file */
function inComments(file) {
  const text = read(file);
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  /** @type {Map<number, ts.CommentRange>} */
  const ranges = new Map();
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (node.getChildCount(source) === 0) {
      for (const range of [
        ...(ts.getLeadingCommentRanges(text, node.pos) ?? []),
        ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
      ])
        ranges.set(range.pos, range);
    }
    node.getChildren(source).forEach(visit);
  };
  visit(source);

  /** @type {Block[]} */
  const blocks = [];
  /** @type {Found[]} */
  const found = [];
  let after = -1;
  for (const { pos, end, kind } of [...ranges.values()].toSorted((a, b) => a.pos - b.pos)) {
    const line = source.getLineAndCharacterOfPosition(pos).line + 1;
    const lines = text.slice(pos, end).split('\n');
    for (const i of lines.keys()) {
      const { length } = text.split('\n')[line - 1 + i];
      if (length > MAX_LINE)
        found.push({ kind: 'lines', where: `${file}:${line + i}`, what: `${length} characters` });
    }
    const inner = lines
      .map((it) => it.replace(/^\s*(\/\*\*?|\*\/|\*|\/\/)\s?|\s*\*\/$/g, ''))
      .join('\n')
      .replace(/^@example[^]*?(?=^@|$(?![^]))/gm, '');
    const isLine = kind === ts.SyntaxKind.SingleLineCommentTrivia;
    const last = blocks.at(-1);
    if (isLine && last && line === after + 1) last.text += `\n${inner}`;
    else
      for (const part of inner.split(/^(?:@\w+|- )|\n\n/m)) blocks.push({ line, text: part ?? '' });
    after = isLine ? line : -1;
  }
  return [...found, ...problemsIn(file, blocks)];
}

/** Counts, by page and by folder of src. @param {Map<string, Found[]>} places */
function countsOf(places) {
  /** @type {Record<string, Partial<Record<Kind, number>>>} */
  const counts = {};
  for (const [place, found] of places) {
    if (found.length === 0) continue;
    counts[place] = {};
    for (const { kind } of found) counts[place][kind] = (counts[place][kind] ?? 0) + 1;
  }
  return counts;
}

/** @type {Map<string, Found[]>} */
const places = new Map();
/** @param {string} place @param {Found[]} found */
const add = (place, found) => places.set(place, [...(places.get(place) ?? []), ...found]);
for (const page of documents()) add(page, inPage(page));
for (const file of filesBelow('src', '.ts')) {
  const [, folder, isBelow] = file.split('/');
  add(isBelow ? `src/${folder}` : 'src', inComments(file));
}

const counts = countsOf(places);
/** @type {typeof counts} */
const allowed = JSON.parse(read(ALLOWED));
/** @param {typeof counts} some */
const totalOf = (some) =>
  Object.values(some)
    .flatMap((it) => Object.values(it))
    .reduce((sum, count) => sum + count, 0);
const [total, before] = [totalOf(counts), totalOf(allowed)];

const [asked] = process.argv.slice(2);
/** @type {string[]} */
const problems = [];
if (asked === '--write') {
  if (total > before) problems.push(`${total} in all, ${before} are allowed: they may only shrink`);
  else writeFileSync(path.join(root, ALLOWED), `${JSON.stringify(counts, undefined, 2)}\n`);
} else if (asked) {
  const hits = [...places.values()].flat().filter(({ where }) => where.startsWith(asked));
  for (const { where, kind, what } of hits) console.log(`${where} ${kind}: ${what}`);
} else {
  for (const [place, found] of places) {
    for (const [kind, count] of Object.entries(counts[place] ?? {})) {
      const most = allowed[place]?.[/** @type {Kind} */ (kind)] ?? 0;
      if (count <= most) continue;
      problems.push(`${place}: ${count} ${kind}, ${most} are allowed`);
      for (const it of found)
        if (it.kind === kind && most === 0) problems.push(`  ${it.where}: ${it.what}`);
    }
  }
}
report(
  `${total} are left of ${before} that were allowed in ${places.size} places`,
  problems,
  '`node tools/check-prose.js <page or file>` lists them; `--write` after files have moved',
);

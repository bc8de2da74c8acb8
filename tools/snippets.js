/**
 * Why this exists: check-snippets.js compiles what stands in the documents; this is how it reads them. A snippet
 * is a `ts` or `typescript` fence whose first line names its file (`// src/chat.gateway.ts`), so that
 * snippets which import one another form a project. A reader who meets a name for the second time replaces
 * that file, and so does this: a new version of the project begins there, with everything else kept.
 */
import { read } from './common.js';

/** @typedef {{ file: string, text: string, where: (line: number) => string, run: boolean }} Snippet */

/**
 * @param {string} document its path
 * @param {string[]} problems where snippets without a name are added
 * @returns {Snippet[]}
 */
export function snippetsOf(document, problems) {
  const markdown = read(document);
  const fences = markdown.matchAll(/^(<!-- run -->\n+)?(```(?:ts|typescript)\n)([^]*?)^```$/gm);
  return [...fences].flatMap(({ index, 1: run = '', 2: fence, 3: text }) => {
    const first = markdown.slice(0, index + run.length + fence.length).split('\n').length;
    const where = (/** @type {number} */ line) => `${document}:${first + line}`;
    const file = /^\/\/ ([\w./-]+\.ts)\b/.exec(text)?.[1];
    if (file) return [{ file, text, where, run: run !== '' }];
    problems.push(`${where(0)}: the first line should name the file: // src/….ts`);
    return [];
  });
}

/** The project after each name that came again, and at the end. @param {Snippet[]} snippets */
export function versionsOf(snippets) {
  /** @type {Map<string, Snippet>[]} */
  const versions = [new Map()];
  let fresh = new Set();
  for (const snippet of snippets) {
    if (fresh.has(snippet.file)) {
      versions.push(new Map(versions.at(-1)));
      fresh = new Set();
    }
    fresh.add(snippet.file);
    versions.at(-1)?.set(snippet.file, snippet);
  }
  return versions;
}

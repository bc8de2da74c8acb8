import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The app's own files, by path: everything under src and test, and what lies beside them. */
export function readSources(app) {
  const files = new Map();
  for (const path of readdirSync(app, { recursive: true })) {
    if (/^(node_modules|dist)(\/|$)|^package(-lock)?\.json$|\.tsbuildinfo$/.test(path)) continue;
    if (statSync(join(app, path)).isFile()) files.set(path, readFileSync(join(app, path), 'utf8'));
  }
  return files;
}

/** Paths that were added, removed or rewritten. */
export function changedPaths(before, after) {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths]
    .filter((path) => before.get(path) !== after.get(path))
    .sort((one, other) => (one < other ? -1 : 1));
}

/** Lines of one file that are no longer there as they were. */
export function lostLines(before, after, path) {
  const kept = new Set(after.get(path).split('\n'));
  return before
    .get(path)
    .split('\n')
    .filter((line) => !kept.has(line));
}

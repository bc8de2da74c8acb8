/**
 * Why this exists: test/run.js says how many spec files it will run, and leaves out exactly those that need a program
 * which is not installed. It finds them by following the imports, so no list of names has to be kept.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** By Jest's project: the ending of its files. @type {Record<string, RegExp>} */
const ENDINGS = {
  unit: /\.spec\.ts$/,
  e2e: /\.e2e-spec\.ts$/,
  fault: /\.fault-spec\.ts$/,
};

/** Spec files of these projects, as paths from the root. @param {readonly string[]} projects */
export function findSpecs(projects, folders = ['test', 'examples']) {
  return folders
    .filter((folder) => existsSync(path.join(root, folder)))
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        path.join(folder, name),
      ),
    )
    .filter((file) => !/(^|\/)(node_modules|dist)\//.test(file))
    .filter((file) => projects.some((project) => ENDINGS[project].test(file)))
    .toSorted();
}

/** Of these files, those that reach `support` by imports or by the path of a program they start. @param {readonly string[]} files @param {string} support */
export function affectedBy(files, support) {
  /** @type {Map<string, boolean>} */
  const known = new Map([[support, true]]);
  /** @param {string} file @returns {boolean} */
  const reaches = (file) => {
    const before = known.get(file);
    if (before !== undefined) return before;
    known.set(file, false); // A circle adds nothing.
    const answer = referencesOf(file).some(reaches);
    known.set(file, answer);
    return answer;
  };
  return files.filter(reaches);
}

/** Files below test/ that a file names by a relative path. @param {string} file */
function referencesOf(file) {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/['"`](\.{1,2}\/[\w./-]+)\.(?:js|ts)['"`]/g)]
    .map(([, to]) => `${path.join(path.dirname(file), to)}.ts`)
    .filter((to) => to.startsWith('test/') && existsSync(path.join(root, to)));
}

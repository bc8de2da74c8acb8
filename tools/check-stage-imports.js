/**
 * Why this exists: the folders of src are stages in the order of the flow (adapter, admission, connection,
 * gateway, room, engine), and that order only means something while nobody imports against it. A review
 * misses one line among fifty; this does not. It also keeps Nest inside the files whose suffix says so, so
 * that the core can be lifted out, and asks file-rules.js about each file by itself.
 */
import path from 'node:path/posix';
import { filesBelow, importsOf, parse, report } from './common.js';
import { fileProblems } from './file-rules.js';
import { MAY_IMPORT, mayUseNest } from './stage-rules.js';

/** @param {string} file @param {string} pattern */
const covers = (file, pattern) =>
  pattern.endsWith('/') ? file.startsWith(pattern) : file === pattern;

/** @param {string} file */
const partOf = (file) =>
  Object.keys(MAY_IMPORT)
    .filter((key) => covers(file, key))
    .toSorted((a, b) => b.length - a.length)[0];

/** @param {string} from @param {string} to @param {boolean} typeOnly */
const mayImport = (from, to, typeOnly) =>
  partOf(from) === partOf(to) ||
  MAY_IMPORT[partOf(from)].some((item) =>
    item.startsWith('type ') ? typeOnly && covers(to, item.slice(5)) : covers(to, item),
  );

/** @type {string[]} */
const problems = [];
/** @type {Map<string, string[]>} what each file loads; types do not count, the build erases them */
const loads = new Map();
const files = filesBelow('src', '.ts').map((file) => file.slice('src/'.length));

for (const file of files) {
  const source = parse(`src/${file}`);
  problems.push(...fileProblems(source));
  const part = partOf(file);
  if (!part) problems.push(`src/${file}: no stage; give it a place in tools/stage-rules.js`);
  loads.set(file, []);
  for (const { to, typeOnly, where } of importsOf(source)) {
    if (to.startsWith('@nestjs/') && !mayUseNest(file, typeOnly)) {
      problems.push(`${where}: imports ${to}, but the file's name has no Nest suffix`);
    }
    if (!to.startsWith('.')) continue;
    const target = path.join(path.dirname(file), to.replace(/\.js$/, '.ts'));
    if (!typeOnly) loads.get(file)?.push(target);
    if (part && partOf(target) && !mayImport(file, target, typeOnly)) {
      const hint = mayImport(file, target, true) ? ', except by `import type`' : '';
      problems.push(`${where}: ${part} may not import ${target}${hint}`);
    }
  }
}

const walked = new Set();
/** Reports circles of files. @param {string} file @param {string[]} trail */
function walk(file, trail) {
  const start = trail.indexOf(file);
  if (start >= 0) problems.push(`src: circle ${[...trail.slice(start), file].join(' → ')}`);
  if (start >= 0 || walked.has(file)) return;
  for (const next of loads.get(file) ?? []) walk(next, [...trail, file]);
  walked.add(file);
}
for (const file of files) walk(file, []);

report(`${files.length} files import forward only`, problems);

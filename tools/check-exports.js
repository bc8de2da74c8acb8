/**
 * Why this exists: what is published is not what the tests see. A subpath can point to a file that the build
 * no longer makes, a .d.ts can name a package that the user never gets, a stray pattern can put a key into
 * the tarball, and one top-level await makes `require` throw in every CommonJS host. Each of these is found
 * by the first user, or here.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path/posix';
import { documents, importsOf, manifest, packageOf, parse, report, root } from './common.js';

/** What the tarball has to contain besides the built entries, and what it must never contain. */
const PACKED = [
  'package.json',
  ...manifest.files.filter((/** @type {string} */ it) => it !== 'dist' && it !== 'docs'),
  // README leads to the pages, which have to be there where only the package is.
  ...documents().filter((it) => it.startsWith('docs/')),
];
const NEVER =
  /^(src|test|tools|examples|bench)\/|^docs\/.*(?<!\.md)$|\.spec\.(?!.*\.template$)|(?<!\.d)\.ts$|tsbuildinfo|\.env|\.pem$|\.key$|\.keys\//;

/** @type {string[]} */
const problems = [];
const isThere = (/** @type {string} */ file) => existsSync(path.join(root, file));
const isBuilt = isThere('dist');

/** The subpaths: a source of the same name, a .js and a .d.ts, and no pattern that opens more than that. */
const subpaths = Object.keys(manifest.exports).filter((key) => key !== './package.json');
for (const key of subpaths.filter((it) => it.includes('*'))) {
  problems.push(`package.json: exports["${key}"] is a pattern; name what is reachable`);
}
const entries = subpaths.map((key) => (key === '.' ? 'index' : key.slice(2)));
for (const [i, key] of subpaths.entries()) {
  const wanted = { types: `./dist/${entries[i]}.d.ts`, default: `./dist/${entries[i]}.js` };
  if (JSON.stringify(manifest.exports[key]) !== JSON.stringify(wanted)) {
    problems.push(`package.json: exports["${key}"] should be ${JSON.stringify(wanted)}`);
  }
  const files = [`src/${entries[i]}.ts`, ...(isBuilt ? Object.values(wanted) : [])];
  for (const file of files.filter((it) => !isThere(it))) {
    problems.push(`package.json: exports["${key}"] needs ${file}, which is not there`);
  }
}
for (const field of ['main', 'types']) {
  const wanted = manifest.exports['.'][field === 'main' ? 'default' : field];
  if (manifest[field] !== wanted) problems.push(`package.json: "${field}" should be ${wanted}`);
}

/** The published types, from the entries on, may name what a user has: our dependencies and peers. */
const given = { ...manifest.dependencies, ...manifest.peerDependencies };
const seen = new Set();
/** @param {string} file */
function checkTypes(file) {
  if (seen.has(file) || !isThere(file)) return;
  seen.add(file);
  for (const { to, where } of importsOf(parse(file))) {
    const name = packageOf(to);
    const typings = `@types/${name.replace('@', '').replace('/', '__')}`;
    if (to.startsWith('.')) checkTypes(path.join(path.dirname(file), to.replace(/\.js$/, '.d.ts')));
    else if (isBuiltin(to)) continue;
    else if (!given[name])
      problems.push(`${where}: names ${name}, neither a dependency nor a peer`);
    else if (isThere(`node_modules/${typings}`) && !given[typings]) {
      problems.push(`${where}: the types of ${name} are in ${typings}, which is not a dependency`);
    }
  }
}

function checkTarball() {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const output = execFileSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  /** @type {{ path: string }[]} */
  const files = Object.values(JSON.parse(output))[0].files;
  const names = new Set(files.map((file) => file.path));
  const wanted = [...PACKED, ...entries.flatMap((it) => [`dist/${it}.js`, `dist/${it}.d.ts`])];
  for (const name of wanted) if (!names.has(name)) problems.push(`tarball: ${name} is missing`);
  for (const name of names)
    if (NEVER.test(name)) problems.push(`tarball: ${name} does not belong there`);
  return names.size;
}

/** Loads a subpath the way a CommonJS host does, in a process that has to end by itself. @param {string} key */
function checkRequire(key) {
  const name = path.join(manifest.name, key);
  const run = spawnSync(process.execPath, ['--input-type=commonjs', '-e', `require('${name}')`], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
  });
  const why = run.signal ? 'does not let the process end' : /^\w*Error.*$/m.exec(run.stderr)?.[0];
  if (run.status !== 0) problems.push(`require('${name}'): ${why ?? `exit code ${run.status}`}`);
}

if (isBuilt) {
  for (const entry of entries) checkTypes(`dist/${entry}.d.ts`);
  for (const key of subpaths) checkRequire(key);
}
const packed = isBuilt
  ? `${checkTarball()} files packed, require works`
  : 'dist is not built: run `npm run build` to check it too';
report(`${subpaths.length} subpaths, ${packed}`, problems);

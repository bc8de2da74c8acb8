/**
 * Why this exists: the documents are read before the code and believed longer. Every TypeScript snippet in
 * them is laid into an empty project, as a reader would paste it, and compiled strictly against the built
 * package; one that follows a `<!-- run -->` is run as well and has to exit with 0.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { documents, manifest, report, root } from './common.js';
import { snippetsOf, versionsOf } from './snippets.js';

const RUN_BOUND_MS = 30_000;

/** As in an application made by `nest new`, always strict. @type {ts.CompilerOptions} */
const COMPILER = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  isolatedModules: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  esModuleInterop: true,
  skipLibCheck: true,
  types: ['node', 'jest'],
};

/** @type {string[]} */
const problems = [];

/** Everything that is installed here, and the package itself by its name. @param {string} folder */
function install(folder) {
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  mkdirSync(path.join(folder, 'node_modules'));
  const names = readdirSync(path.join(root, 'node_modules')).filter((it) => !it.startsWith('.'));
  for (const name of names) {
    symlinkSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name));
  }
  symlinkSync(root, path.join(folder, 'node_modules', manifest.name));
}

/** @typedef {import('./snippets.js').Snippet} Snippet */
/** @param {string} folder @param {Map<string, Snippet>} version */
function compile(folder, version) {
  for (const { file, text } of version.values()) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  const names = [...version.keys()].map((file) => path.join(folder, file));
  const options = { ...COMPILER, rootDir: folder, outDir: path.join(folder, 'dist') };
  const program = ts.createProgram(names, options);
  for (const { file, start, messageText } of ts.getPreEmitDiagnostics(program)) {
    const snippet = file && version.get(path.relative(folder, file.fileName));
    const line = file ? file.getLineAndCharacterOfPosition(start ?? 0).line : 0;
    const where = snippet ? `${snippet.where(line)} (${snippet.file})` : 'the documents';
    problems.push(`${where}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  }
  program.emit();
}

/** @param {string} folder @param {Snippet} snippet */
function runIn(folder, { file, where }) {
  const run = spawnSync(
    process.execPath,
    [path.join(folder, 'dist', file.replace(/\.ts$/, '.js'))],
    {
      cwd: folder,
      env: { ...process.env, NODE_ENV: 'development' },
      encoding: 'utf8',
      timeout: RUN_BOUND_MS,
    },
  );
  const how = run.signal ? `did not end within ${RUN_BOUND_MS} ms` : `exited with ${run.status}`;
  if (run.status !== 0) problems.push(`${where(0)} (${file}): ${how}\n${run.stderr.trimEnd()}`);
}

const pages = documents();
const snippets = pages.flatMap((page) => snippetsOf(page, problems));
const toRun = new Set(snippets.filter((it) => it.run));
if (!existsSync(path.join(root, manifest.main))) {
  problems.push('dist is not built: run `npm run build` first');
} else {
  const temporary = mkdtempSync(path.join(tmpdir(), 'snippets-'));
  try {
    install(temporary);
    for (const [i, version] of versionsOf(snippets).entries()) {
      const folder = path.join(temporary, `version-${i}`);
      compile(folder, version);
      for (const snippet of version.values()) if (toRun.delete(snippet)) runIn(folder, snippet);
    }
  } finally {
    rmSync(temporary, { recursive: true });
  }
}
report(`${snippets.length} snippets of ${pages.length} pages compile`, [...new Set(problems)]);

/**
 * Why this exists: an app may compile with stricter settings than ours, and without `skipLibCheck` it compiles
 * our .d.ts files as well. Then what we wrote carelessly is an error in a project whose owner cannot mend it.
 * The type tests are compiled here too, as a project that has the package in its node_modules: without what is
 * internal, without DOM, and with `declaration`, which asks that inferred types have a public name.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { manifest, report, root } from './common.js';

const entries = Object.keys(manifest.exports).filter((key) => !key.endsWith('.json'));

const folder = mkdtempSync(path.join(tmpdir(), 'roomgate-consumer-'));
const at = (/** @type {string[]} */ ...names) => path.join(folder, ...names);
try {
  const own = at('node_modules', manifest.name);
  mkdirSync(own, { recursive: true });
  for (const name of ['package.json', 'dist'])
    symlinkSync(path.join(root, name), path.join(own, name));
  for (const name of readdirSync(path.join(root, 'node_modules')))
    if (name !== manifest.name)
      symlinkSync(path.join(root, 'node_modules', name), at('node_modules', name));
  cpSync(path.join(root, 'test/types'), folder, { recursive: true });
  writeFileSync(at('package.json'), '{ "type": "module" }');
  const all = entries
    .map((key, n) => `export * as entry${n} from '${path.posix.join(manifest.name, key)}';`)
    .join('\n');
  for (const name of ['consumer.mts', 'consumer.cts']) writeFileSync(at(name), all);
  const files = readdirSync(folder).filter((name) => name.endsWith('ts'));
  const program = ts.createProgram(
    files.map((name) => at(name)),
    {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
      noImplicitOverride: true,
      noImplicitReturns: true,
      noUncheckedSideEffectImports: true,
      isolatedModules: true,
      skipLibCheck: false,
      declaration: true,
      noEmit: true,
      preserveSymlinks: true,
      typeRoots: [at('node_modules/@types')],
      types: ['node'],
    },
  );
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const where = file ? path.relative(folder, file.fileName) : 'consumer';
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
  report(`${entries.length} entries compile with the strictest settings`, problems);
} finally {
  rmSync(folder, { recursive: true });
}

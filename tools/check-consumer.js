/**
 * Why this exists: an app may compile with stricter settings than ours, and without `skipLibCheck` it compiles
 * our .d.ts files as well. Then what we wrote carelessly is an error in a project whose owner cannot mend it.
 * The type tests are compiled here too, against the published files: without what is internal, and without DOM.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { manifest, report, root } from './common.js';

const entries = Object.keys(manifest.exports).filter((key) => !key.endsWith('.json'));

/** In the repository, where the package finds itself by its name. */
const folder = mkdtempSync(path.join(root, 'consumer-'));
try {
  const all = entries
    .map((key, n) => `export * as entry${n} from '${path.posix.join(manifest.name, key)}';`)
    .join('\n');
  const files = ['consumer.mts', 'consumer.cts'].map((name) => path.join(folder, name));
  for (const file of files) writeFileSync(file, all);
  const program = ts.createProgram([...files, path.join(root, 'test/types/public-api.ts')], {
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
    noEmit: true,
    types: ['node'],
  });
  const problems = ts.getPreEmitDiagnostics(program).map(({ file: at, messageText }) => {
    const where = at ? path.relative(root, at.fileName) : 'consumer';
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
  report(`${entries.length} entries compile with the strictest settings`, problems);
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * Why this exists: `npm run build` writes `dist` and `examples/dist`, and `npm ci` does so too (`prepare`), so that
 * `npm start` only starts. The Nest CLI is not part of the install, because its packages do not accept Node 20.
 * `nest build`, where a CLI is present, writes the same `dist` from nest-cli.json. TypeScript 7 compiles both within
 * three seconds, TypeScript 6 needs twenty. TypeScript 6 stays installed for its API, which 7 does not have.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (/** @type {string} */ file) => path.join(root, file);

const compiler = ['typescript-native', 'typescript']
  .map((name) => at(`node_modules/${name}/bin/tsc`))
  .find((file) => existsSync(file));

/** Deletes the output of a project, compiles the project, and ends this process when that fails. @param {string} config @param {string} output */
function compile(config, output) {
  rmSync(at(output), { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [String(compiler), '-p', at(config)], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** Copies what the compiler leaves out: the schemas and templates of the schematics, as nest-cli.json names them. */
function copyAssets() {
  const { compilerOptions, sourceRoot } = JSON.parse(readFileSync(at('nest-cli.json'), 'utf8'));
  for (const { include } of compilerOptions.assets) {
    const [folder, ending] = include.split('/**/*');
    cpSync(at(`${sourceRoot}/${folder}`), at(`dist/${folder}`), {
      recursive: true,
      filter: (file) => !path.extname(file) || file.endsWith(ending),
    });
  }
}

if (compiler) {
  compile('tsconfig.build.json', 'dist');
  copyAssets();
  compile('examples/tsconfig.json', 'examples/dist');
} else if (process.argv.includes('--prepare')) {
  // `npm ci --omit=dev` still has to succeed.
  console.log('roomgate is not built: the compiler is a development dependency.');
} else {
  console.error('There is no compiler: run `npm ci` first.');
  process.exitCode = 1;
}

// Builds the package as it was at another revision, below the root, so that it finds the same node_modules.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PreflightError } from '../cli/preflight.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const FILES = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

/**
 * @param {string} revision  of git; built once for each commit
 * @returns {string} its package.json
 */
export function buildBefore(revision) {
  const commit = git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`).trim();
  const built = join(root, '.bench-before', commit);
  const folder = `${built}.part`;
  const manifest = join(built, 'package.json');
  if (existsSync(manifest)) return manifest;
  // What a build that failed has left behind must not be measured.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', commit, ...FILES], {
    cwd: root,
    maxBuffer: 2 ** 28,
  });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  // Without a look at types: those of the packages are not the ones it was written with.
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--noCheck'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  renameSync(folder, built);
  return manifest;
}

/** @param {string[]} words */
function git(...words) {
  try {
    return execFileSync('git', words, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    throw new PreflightError(
      `--before needs a revision of this repository, got "${words.at(-1)}".`,
    );
  }
}

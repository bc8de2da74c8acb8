import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert } from './steps.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Packs the built package into `folder` as the registry would get it. */
export async function pack(run, folder) {
  assert(existsSync(join(repository, 'dist/index.js')), 'no dist: run `npm run build` first');
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: repository });
  const report = JSON.parse(stdout);
  // npm 12 reports an object by package name, npm up to 11 a list.
  const [{ filename, files }] = Array.isArray(report) ? report : Object.values(report);
  return { tarball: join(folder, filename), files: files.map((file) => file.path) };
}

/** What the README tells to install besides the package: its peers that a new app does not have. */
export function missingPeers(app) {
  const { peerDependencies, peerDependenciesMeta = {} } = readPackage(repository);
  const { dependencies, devDependencies } = readPackage(app);
  const has = { ...dependencies, ...devDependencies };
  return Object.entries(peerDependencies)
    .filter(([name]) => !(name in has) && !peerDependenciesMeta[name]?.optional)
    .map(([name, range]) => `${name}@${range}`);
}

function readPackage(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

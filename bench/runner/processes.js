// Starts the two kinds of processes with the same clean environment on every machine.
import { fileURLToPath } from 'node:url';
import { AskedProcess } from '../ipc/ask.js';
import { BEFORE } from '../servers/index.js';

const HARNESS = fileURLToPath(new URL('../servers/harness.js', import.meta.url));
const GENERATOR = fileURLToPath(new URL('../load/generator.js', import.meta.url));

const ENV = {
  PATH: process.env.PATH,
  NODE_ENV: 'production',
  // A native helper that happens to lie near one server's copy of ws must not decide a comparison.
  WS_NO_BUFFER_UTIL: '1',
  WS_NO_UTF_8_VALIDATE: '1',
};

/** What is measured as `roomgate-before`: the package.json that stands for it. @type {string | undefined} */
let packageBefore;

/** @param {string} file */
export function measureBefore(file) {
  packageBefore = file;
}

/**
 * @param {string} name  for error messages; of `roomgate-before` it begins with that
 * @param {string} file  in the servers' folder, without the suffix
 * @param {import('./cores.js').Pinning} pinning
 */
export function spawnServer(name, file, pinning) {
  const node = [process.execPath, '--expose-gc', HARNESS, file];
  const env = name.startsWith(BEFORE) ? { ...ENV, BENCH_PACKAGE: packageBefore } : ENV;
  return new AskedProcess(`server ${name}`, [...pinning.server, ...node], env);
}

/** @param {import('./cores.js').Pinning} pinning */
export function spawnLoad(pinning) {
  return new AskedProcess('load generator', [...pinning.load, process.execPath, GENERATOR], ENV);
}

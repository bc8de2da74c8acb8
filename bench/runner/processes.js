// Starts the two kinds of processes with the same clean environment on every machine.
import { fileURLToPath } from 'node:url';
import { AskedProcess } from '../ipc/ask.js';

const HARNESS = fileURLToPath(new URL('../servers/harness.js', import.meta.url));
const GENERATOR = fileURLToPath(new URL('../load/generator.js', import.meta.url));

const ENV = {
  PATH: process.env.PATH,
  NODE_ENV: 'production',
  // A native helper that happens to lie near one server's copy of ws must not decide a comparison.
  WS_NO_BUFFER_UTIL: '1',
  WS_NO_UTF_8_VALIDATE: '1',
};

/**
 * @param {string} name  for error messages
 * @param {string} file  in the servers' folder, without the suffix
 * @param {import('./cores.js').Pinning} pinning
 */
export function spawnServer(name, file, pinning) {
  const node = [process.execPath, '--expose-gc', HARNESS, file];
  return new AskedProcess(`server ${name}`, [...pinning.server, ...node], ENV);
}

/** @param {import('./cores.js').Pinning} pinning */
export function spawnLoad(pinning) {
  return new AskedProcess('load generator', [...pinning.load, process.execPath, GENERATOR], ENV);
}

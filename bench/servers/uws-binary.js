// uWebSockets.js is not on the npm registry; a fork that is ships its binaries. They are loaded
// directly: the fork's own entry falls back to a server in JavaScript without failing.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { platform, arch, versions } = process;

/** @returns {any} throws where there is no binary for this platform and Node */
export function loadUws() {
  const name = `uws_${platform}_${arch}_${versions.modules}.node`;
  return require(`@trufflesuite/uws-js-unofficial/binaries/${name}`);
}

// What every trial needs: keys, and a load generator that has them.
import { ALGORITHMS, createKeys } from '../tokens/keys.js';
import { spawnLoad } from './processes.js';

/**
 * @typedef {object} Equipment
 * @property {import('../ipc/ask.js').AskedProcess} load
 * @property {Record<import('../tokens/keys.js').Algorithm, import('../tokens/keys.js').KeyTexts>} keys
 * @property {import('./cores.js').Pinning} pinning
 */

/**
 * @param {import('./cores.js').Pinning} pinning
 * @returns {Promise<Equipment>}
 */
export async function equip(pinning) {
  const keys = /** @type {Equipment['keys']} */ (
    Object.fromEntries(ALGORITHMS.map((algorithm) => [algorithm, createKeys(algorithm)]))
  );
  const load = spawnLoad(pinning);
  await load.started();
  await load.ask('keys', keys);
  return { load, keys, pinning };
}

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
  return { load: await startLoad(keys, pinning), keys, pinning };
}

/**
 * A load generator beside the first one, for what the first must not hold up.
 *
 * @param {Equipment} equipment
 * @returns {Promise<Equipment>}
 */
export async function equipAgain({ keys, pinning }) {
  return { load: await startLoad(keys, pinning), keys, pinning };
}

/**
 * @param {Equipment['keys']} keys
 * @param {import('./cores.js').Pinning} pinning
 */
async function startLoad(keys, pinning) {
  const load = spawnLoad(pinning);
  await load.started();
  await load.ask('keys', keys);
  return load;
}

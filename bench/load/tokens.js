// Token pools, minted before they are needed and kept for the whole run: thousands of RSA signatures
// take seconds.
import { createKeys } from '../tokens/keys.js';
import { createMint } from '../tokens/mint.js';
import { roomOf } from './room-of.js';

/** @typedef {'distinct' | 'same' | 'rejected'} TokenKind */
/** @typedef {{ token: string, room: string }} Ticket */

/** Members of a room where the room is not what is measured. */
const ROOM_SIZE = 10;

/** @type {Map<string, (subject: string, room: string) => string>} */
const mints = new Map();
/** @type {Map<string, Ticket[]>} */
const pools = new Map();

/** @param {Record<import('../tokens/keys.js').Algorithm, import('../tokens/keys.js').KeyTexts>} keys */
export function setKeys(keys) {
  for (const [name, { sign }] of Object.entries(keys)) {
    const algorithm = /** @type {import('../tokens/keys.js').Algorithm} */ (name);
    mints.set(`${algorithm} good`, createMint(algorithm, sign));
    // Signed well, but by somebody else: the dearest kind of refusal.
    mints.set(`${algorithm} bad`, createMint(algorithm, createKeys(algorithm).sign));
  }
}

/**
 * @param {import('../tokens/keys.js').Algorithm} algorithm
 * @param {TokenKind} kind
 * @param {number} count
 * @param {number} [roomSize]
 * @returns {Ticket[]}
 */
export function ticketsOf(algorithm, kind, count, roomSize = ROOM_SIZE) {
  const name = `${algorithm} ${kind} ${roomSize}`;
  const mint = mints.get(`${algorithm} ${kind === 'rejected' ? 'bad' : 'good'}`);
  if (!mint) throw new Error('the keys are not set');
  const pool = pools.get(name) ?? [];
  pools.set(name, pool);
  const minted = kind === 'same' ? 1 : count;
  for (let i = pool.length; i < minted; i++) {
    const room = roomOf(Math.floor(i / roomSize));
    pool.push({ token: mint(`user-${i}`, room), room });
  }
  return kind === 'same' ? Array(count).fill(pool[0]) : pool.slice(0, count);
}

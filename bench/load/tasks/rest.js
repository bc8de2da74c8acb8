// Does nothing for a while, but answer pings as every client does.
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ ms: number }} options
 * @returns {Promise<{ units: number }>} a unit is a millisecond
 */
export async function rest({ connections }, { ms }) {
  const before = connections.map(({ pings }) => pings);
  await sleep(ms);
  const forgotten = connections.filter(({ pings }, index) => pings === before[index]).length;
  if (forgotten > 0) throw new Error(`${forgotten} connections were not pinged`);
  return { units: ms };
}

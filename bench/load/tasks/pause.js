// Some connections stop reading, and never notice what becomes of them.

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ every: number }} options  the first of so many
 * @returns {{ units: number }}  a unit is a connection that reads no more
 */
export function pause({ connections }, { every }) {
  const silent = connections.filter((_, index) => index % every === 0);
  for (const connection of silent) {
    connection.listener = { onFailed() {} };
    connection.pause();
  }
  return { units: silent.length };
}

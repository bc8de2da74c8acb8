// The mean of several rounds in one process. Handshakes and closes leave much garbage, collected when
// the engine likes: in one round more of it falls than belongs there, in another none.

/**
 * @template {object} T
 * @param {number} rounds  of equally many units
 * @param {(round: number) => Promise<T>} measureOne  all fields are numbers
 * @returns {Promise<T>}
 */
export async function meanOfRounds(rounds, measureOne) {
  /** @type {any[]} */
  const samples = [];
  for (let round = 0; round < rounds; round++) samples.push(await measureOne(round));
  const means = Object.keys(samples[0]).map((field) => [field, mean(samples.map((s) => s[field]))]);
  return Object.fromEntries(means);
}

/** @param {number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

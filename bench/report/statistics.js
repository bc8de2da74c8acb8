// The few numbers that stand for many.

/**
 * @typedef {object} Summary
 * @property {number} median
 * @property {number} upperQuartile
 * @property {number} min
 * @property {number} max
 * @property {number} count
 */

/**
 * @param {number[]} values
 * @returns {Summary | null} nothing for no values
 */
export function summarise(values) {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    upperQuartile: quantile(sorted, 0.75),
    min: sorted[0],
    max: sorted[sorted.length - 1],
    count: sorted.length,
  };
}

/**
 * Between two values by straight line.
 *
 * @param {number[]} sorted
 * @param {number} share
 */
export function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

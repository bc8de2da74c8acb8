// How evenly things came: the most in one second, beside the mean.

const SECOND_MS = 1000;

/** @typedef {{ busiestSecond: number, meanSecond: number }} Seconds */

/**
 * Any second, whenever it begins.
 *
 * @param {number[]} times  ms, in order
 * @returns {Seconds}
 */
export function secondsOf(times) {
  let busiestSecond = 0;
  let from = 0;
  for (const [index, at] of times.entries()) {
    while (at - times[from] >= SECOND_MS) from++;
    busiestSecond = Math.max(busiestSecond, index - from + 1);
  }
  const allMs = times[times.length - 1] - times[0];
  return { busiestSecond, meanSecond: (times.length * SECOND_MS) / Math.max(allMs, SECOND_MS) };
}

// A logarithmic axis: the tutorial's guard costs fifty times a bare message, and both must be legible.

const STEPS = [1, 2, 5];

/**
 * @typedef {object} Scale
 * @property {(value: number) => number} at  position for a value; what a logarithm cannot show is put at the left edge
 * @property {number[]} ticks
 */

/**
 * @param {number[]} values
 * @param {number} left
 * @param {number} right
 * @returns {Scale}
 */
export function logScale(values, left, right) {
  const positive = values.filter((value) => value > 0);
  const low = niceBelow(Math.min(...positive, Infinity));
  const high = niceAbove(Math.max(...positive, low));
  const width = Math.log(high / low);
  return {
    at: (value) => left + ((right - left) * Math.log(Math.max(value, low) / low)) / width,
    ticks: niceBetween(low, high),
  };
}

/** @param {number} value */
function niceBelow(value) {
  if (!Number.isFinite(value)) return 1;
  return Math.max(...nicesAround(value).filter((nice) => nice <= value));
}

/** @param {number} value */
function niceAbove(value) {
  return Math.min(...nicesAround(value).filter((nice) => nice > value));
}

/** @param {number} value */
function nicesAround(value) {
  const decade = Math.floor(Math.log10(value));
  return [decade - 1, decade, decade + 1].flatMap(nicesOf);
}

/**
 * @param {number} low
 * @param {number} high
 */
function niceBetween(low, high) {
  const first = Math.floor(Math.log10(low)) - 1;
  const last = Math.ceil(Math.log10(high)) + 1;
  const all = Array.from({ length: last - first + 1 }, (_, i) => first + i).flatMap(nicesOf);
  return all.filter((nice) => nice >= low && nice <= high);
}

/** @param {number} decade */
function nicesOf(decade) {
  // By way of text, since 5 * 10 ** -1 is not 0.5 for all powers.
  return STEPS.map((step) => Number(`${step}e${decade}`));
}

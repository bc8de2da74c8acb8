// Numbers as people read them: three digits, no more.

/**
 * @param {number | undefined | null} value
 * @returns {string}
 */
export function short(value) {
  if (value === undefined || value === null) return '';
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 0.1) return value.toFixed(2);
  return String(Number(value.toPrecision(2)));
}

/** @param {{ min: number, max: number } | null} summary */
export function spread(summary) {
  return summary && summary.min !== summary.max
    ? `${short(summary.min)}–${short(summary.max)}`
    : '';
}

/** @param {number | undefined | null} value */
export function times(value) {
  return value === undefined || value === null ? '' : `×${value.toFixed(2)}`;
}

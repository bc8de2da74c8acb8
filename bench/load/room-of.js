/**
 * The rooms that tokens of the benchmark name.
 *
 * @param {number} number
 */
export function roomOf(number) {
  return `0b5e7a00-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

import { RoomgateError } from './errors.js';

/** What a value has to be: says what it expected, or nothing when the value is fine. */
export type Rule = (value: unknown) => string | undefined;

export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Whether UTF-8 can hold the text: a lone surrogate has the bytes of every other one. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

export const integer =
  (min: number, max: number): Rule =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `an integer from ${min} to ${max}`;

export const flag: Rule = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

export const oneOf =
  (values: readonly unknown[]): Rule =>
  (value) =>
    values.includes(value) ? undefined : `one of ${values.join(', ')}`;

export const listOf =
  (what: string, test: (item: unknown) => boolean): Rule =>
  (value) =>
    Array.isArray(value) && value.every(test) ? undefined : `a list of ${what}`;

const SECRET_MEMBERS = ['key', 'keys', 'secret'];

/** Quotes what was given, without keys, cut to 64 characters and escaped, so that a log line stays one line. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : toText(value);
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

function toText(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const hide = (name: string, item: unknown): unknown =>
    SECRET_MEMBERS.includes(name) ? '…' : item;
  try {
    return JSON.stringify(value, hide) ?? String(value);
  } catch {
    // A cycle or a BigInt has no JSON; the sentence about it has to come out all the same.
    return Object.prototype.toString.call(value);
  }
}

/** Asks whether the known name nearest to a misspelt one was meant. */
export function didYouMean(name: string, known: readonly string[]): string {
  const distances = known.map((each) =>
    distance(name.slice(0, 64).toLowerCase(), each.toLowerCase()),
  );
  return `did you mean ${quote(known[distances.indexOf(Math.min(...distances))])}?`;
}

/** How many characters have to be put in, left out or replaced (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let at = 1; at <= to.length; at++) {
      const replaced = row[at - 1]! + (from[line - 1] === to[at - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[at]! + 1, next[at - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

/**
 * Refuses a member that is not known: misspelt, it would silently be the default.
 * @throws RoomgateError `invalid_options` with the nearest name and all known ones.
 */
export function refuseUnknown(
  given: object,
  known: readonly string[],
  what: string,
  where = '',
): void {
  const name = Object.keys(given).find((each) => !known.includes(each));
  if (name === undefined) return;
  throw new RoomgateError(
    'invalid_options',
    `Unknown ${what} ${quote(name)}${where}: ${didYouMean(name, known)} Known ${what}s: ${known.join(', ')}.`,
  );
}

/** @throws RoomgateError `invalid_options`, quoting the option and saying what was expected. */
export function checkOptions(options: object, rules: Record<string, Rule>): void {
  refuseUnknown(options, Object.keys(rules).toSorted(), 'option');
  for (const [name, value] of Object.entries(options)) {
    const expected = rules[name]?.(value);
    if (expected) {
      throw new RoomgateError(
        'invalid_options',
        `Expected option "${name}" to be ${expected}, got ${quote(value)}.`,
      );
    }
  }
}

import { RoomgateError } from './roomgate.errors.js';

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

/** @throws RoomgateError `invalid_options`, quoting the option and saying what was expected. */
export function checkOptions(options: object, rules: Record<string, Rule>): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      const known = Object.keys(rules).toSorted().join(', ');
      throw new RoomgateError(
        'invalid_options',
        `Unknown option ${quote(name)}. Known options: ${known}.`,
      );
    }
    const expected = rule(value);
    if (expected) {
      throw new RoomgateError(
        'invalid_options',
        `Expected option "${name}" to be ${expected}, got ${quote(value)}.`,
      );
    }
  }
}

import { DEFAULTS, RULES, type RoomgateModuleOptions } from './roomgate.options.js';
import type { Rule } from './roomgate.rules.js';

/** A variable that sets one option. */
export interface EnvOption {
  readonly name: string;
  readonly option: string;
  readonly expected: string;
  readonly isValid: (text: string) => boolean;
  readonly parse: (text: string) => unknown;
}

/** Options that text cannot hold: classes and functions, and issuers, which have variables of their own. */
const NOT_TEXT: readonly (keyof RoomgateModuleOptions)[] = [
  'issuers',
  'allowPlainGateways',
  'rooms',
];

/** `maxMessageBytes` is `ROOMGATE_MAX_MESSAGE_BYTES`, and so on for every option that text can hold. */
export const ENV_OPTIONS: readonly EnvOption[] = (
  Object.keys(DEFAULTS) as (keyof RoomgateModuleOptions)[]
)
  .filter((option) => !NOT_TEXT.includes(option))
  .map((option) => {
    const rule = RULES[option] as Rule;
    const parse = parserOf(DEFAULTS[option]);
    return {
      name: `ROOMGATE_${option.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      option,
      expected: rule(Symbol.for('nothing')) ?? '',
      isValid: (text) => rule(parse(text)) === undefined,
      parse,
    };
  });

function parserOf(sample: unknown): (text: string) => unknown {
  if (typeof sample === 'number') return (text) => (/^-?\d+$/.test(text) ? Number(text) : text);
  if (typeof sample === 'boolean')
    return (text) => (text === 'true' ? true : text === 'false' ? false : text);
  if (Array.isArray(sample)) return splitList;
  return (text) => text;
}

export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

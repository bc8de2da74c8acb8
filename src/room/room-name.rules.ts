import { isRoomName } from '../admission/room-id.js';
import { isStandardSchema } from '../connection/standard-schema.js';
import { SLOW_CONSUMER_POLICIES } from '../connection/slow-consumer.js';
import { integer, MAX_TIMER_MS, type Rule } from '../roomgate.rules.js';

const MAX_HISTORY_BYTES = 16 * 1024 * 1024;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const callable: Rule = (value) => (typeof value === 'function' ? undefined : 'a function');

const schemas: Rule = (value) =>
  isRecord(value) && Object.values(value).every(isStandardSchema)
    ? undefined
    : 'an object with events as keys and Standard Schemas as values';

const oneOf =
  (values: readonly string[]): Rule =>
  (value) =>
    values.includes(value as string) ? undefined : `one of ${values.join(', ')}`;

/** True, false, or an object with these members. */
const switchOr =
  (members: Record<string, Rule>): Rule =>
  (value) => {
    if (typeof value === 'boolean') return undefined;
    return isRecord(value)
      ? memberProblem(value, members)
      : `true, false or an object with ${Object.keys(members).join(', ')}`;
  };

const MEMBERS: Record<string, Rule> = {
  history: switchOr({
    size: integer(1, 100_000),
    ttlMs: integer(1, MAX_TIMER_MS),
    maxBytes: integer(1_024, MAX_HISTORY_BYTES),
  }),
  presence: switchOr({ describe: callable, maxListed: integer(1, 10_000) }),
  events: schemas,
  slowConsumer: oneOf(SLOW_CONSUMER_POLICIES),
  maxMembers: integer(1, 10_000_000),
};

function memberProblem(given: object, members: Record<string, Rule>): string | undefined {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(members, name) ? members[name] : undefined;
    if (!rule) return `there is nothing but ${Object.keys(members).join(', ')}`;
    const expected = rule(value);
    if (expected) return `"${name}" is ${expected}`;
  }
  return undefined;
}

/** What is wrong with the options of one room name, or undefined. */
export function roomNameProblem(name: string, options: unknown): string | undefined {
  if (!isRoomName(name)) return 'room names consist of lower-case letters, digits, "-" and "_"';
  if (!isRecord(options)) return `"${name}" is an object`;
  const problem = memberProblem(options, MEMBERS);
  return problem && `in "${name}" ${problem}`;
}

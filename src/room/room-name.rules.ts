import { isRoomName } from '../admission/room-id.js';
import { isStandardSchema } from '../core/standard-schema.js';
import { SLOW_CONSUMER_POLICIES } from '../connection/slow-consumer.js';
import { didYouMean, integer, MAX_TIMER_MS, oneOf, quote, type Rule } from '../core/option-rules.js';

const MAX_HISTORY_BYTES = 16 * 1024 * 1024;

/** What is wrong with the value at a path such as `orders.history.size`, or undefined. */
type Check = (path: string, value: unknown) => string | undefined;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const checked =
  (rule: Rule): Check =>
  (path, value) => {
    const expected = rule(value);
    return expected && `"${path}" is ${expected}`;
  };

const members =
  (checks: Record<string, Check>): Check =>
  (path, value) => {
    const names = Object.keys(checks).join(', ');
    if (!isRecord(value)) return `"${path}" is an object with ${names}`;
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
      if (!check)
        return `"${path}" has no ${quote(name)} but only ${names} (${didYouMean(name, Object.keys(checks))})`;
      const problem = check(`${path}.${name}`, member);
      if (problem) return problem;
    }
    return undefined;
  };

/** True, false, or an object with these members. */
const switchOr =
  (checks: Record<string, Check>): Check =>
  (path, value) => {
    if (typeof value === 'boolean') return undefined;
    return isRecord(value)
      ? members(checks)(path, value)
      : `"${path}" is true, false or an object with ${Object.keys(checks).join(', ')}`;
  };

const callable: Rule = (value) => (typeof value === 'function' ? undefined : 'a function');

const schemas: Rule = (value) =>
  isRecord(value) && Object.values(value).every(isStandardSchema)
    ? undefined
    : 'an object with events as keys and Standard Schemas as values';

const checkRoomName = members({
  history: switchOr({
    size: checked(integer(1, 100_000)),
    ttlMs: checked(integer(1, MAX_TIMER_MS)),
    maxBytes: checked(integer(1_024, MAX_HISTORY_BYTES)),
  }),
  presence: switchOr({ describe: checked(callable), maxListed: checked(integer(1, 10_000)) }),
  events: checked(schemas),
  slowConsumer: checked(oneOf(SLOW_CONSUMER_POLICIES)),
  maxMembers: checked(integer(1, 10_000_000)),
});

/** What is wrong with the options of one room name, or undefined. */
export function roomNameProblem(name: string, options: unknown): string | undefined {
  if (!isRoomName(name))
    return `names consist of lower-case letters, digits, "-" and "_", unlike ${quote(name)}`;
  return checkRoomName(name, options);
}

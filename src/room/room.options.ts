import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Principal } from '../admission/principal.js';
import { isRoomName } from '../admission/room-id.js';
import { SLOW_CONSUMER_POLICIES, type SlowConsumerPolicy } from '../connection/slow-consumer.js';
import {
  didYouMean,
  integer,
  MAX_TIMER_MS,
  oneOf,
  quote,
  type Rule,
} from '../core/option-rules.js';
import { isStandardSchema } from '../core/standard-schema.js';
import type { HistoryLimits } from './engine/engine.js';

/** Who somebody is to others in a room. Both parts are JSON; at most 4,096 bytes together. */
export interface PresenceDescription {
  /** What all who may see presence are told. */
  readonly info?: unknown;
  /** What only the server is told, by `presence()` of a room. */
  readonly meta?: unknown;
}

export interface PresenceOptions {
  /** What is shown of a principal, asked when it joins. Default: nothing but an opaque id, another one in every room. */
  readonly describe?: (principal: Principal) => PresenceDescription;
  /** Members named in one answer to `room.presence`; their number is always told. Default 100. */
  readonly maxListed?: number;
}

/** What the rooms of one name keep and tell. */
export interface RoomNameOptions {
  /** Publications to keep, for members that come back. `true`: 100, for 300,000 ms, within 262,144 bytes. Default false. */
  readonly history?: boolean | Partial<HistoryLimits>;
  /** Tells members who else is there. Default false. */
  readonly presence?: boolean | PresenceOptions;
  /** Schemas (Standard Schema, synchronous) of events that are sent; broadcasts are checked unless strict. Default none. */
  readonly events?: Readonly<Record<string, StandardSchemaV1>>;
  /**
   * What is dropped, and told with a `gap`, when more than `maxOutboxBytes` wait for a member: the newest (`close`, `drop-newest`), the oldest
   * (`drop-oldest`), all but the latest of a key (`conflate`). With `close` one that takes nothing for long is closed with 4413. Default `close`.
   */
  readonly slowConsumer?: SlowConsumerPolicy;
  /** Members a room may have on one node. Default `maxMembersPerRoom`. */
  readonly maxMembers?: number;
}

export interface RoomOptions {
  /**
   * What the rooms of each name keep and tell: `history`, `presence`, `events`, `slowConsumer` and `maxMembers`, by room name.
   * @default {}
   */
  rooms: Readonly<Record<string, RoomNameOptions>>;
  /**
   * Rooms that one connection may be in at a time, the one of its URL included.
   * @default 50
   */
  maxRoomsPerConnection: number;
  /**
   * Connections that may be in one room on this node; the next one is refused with 503, or `room_full`.
   * @default 65536
   */
  maxMembersPerRoom: number;
  /**
   * Rooms that may exist on this node; a request for one more is refused with 429, or `too_many_rooms`.
   * @default 100000
   */
  maxRooms: number;
  /**
   * Rooms that exist on this node because the same subject was the first to ask for them; one more is refused with 429, or `too_many_rooms`.
   * @default 1000
   */
  maxRoomsPerSubject: number;
  /**
   * Milliseconds that a room stays subscribed after its last member left, for those who come back.
   * @default 5000
   */
  roomIdleMs: number;
  /**
   * Bytes of history that the memory engine keeps for all rooms together.
   * @default 268435456
   */
  maxHistoryBytes: number;
  /**
   * Milliseconds between the times at which a node tells the engine who is still present.
   * @default 27000
   */
  presenceRefreshMs: number;
  /**
   * Milliseconds after which a member that its node no longer tells of is taken for gone; more than `presenceRefreshMs`.
   * @default 60000
   */
  presenceTtlMs: number;
}

const rooms: Rule = (value) => {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isRecord) return 'an object with room names as keys';
  for (const [name, options] of Object.entries(value)) {
    const problem = roomNameProblem(name, options);
    if (problem) return `an object in which ${problem}`;
  }
  return undefined;
};

export const ROOM_RULES: Record<keyof RoomOptions, Rule> = {
  rooms,
  maxRoomsPerConnection: integer(1, 65_536),
  maxMembersPerRoom: integer(1, 10_000_000),
  maxRooms: integer(1, 10_000_000),
  maxRoomsPerSubject: integer(1, 10_000_000),
  roomIdleMs: integer(0, MAX_TIMER_MS),
  maxHistoryBytes: integer(0, Number.MAX_SAFE_INTEGER),
  presenceRefreshMs: integer(1_000, MAX_TIMER_MS),
  presenceTtlMs: integer(2_000, MAX_TIMER_MS),
};

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
function roomNameProblem(name: string, options: unknown): string | undefined {
  if (!isRoomName(name))
    return `names consist of lower-case letters, digits, "-" and "_", unlike ${quote(name)}`;
  return checkRoomName(name, options);
}

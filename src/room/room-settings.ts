import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type RoomKey, splitRoomKey } from '../admission/room-id.js';
import { refuseReserved } from '../connection/message.js';
import type { SlowConsumerRule } from '../connection/slow-consumer.js';
import { RoomgateError } from '../core/errors.js';
import { quote } from '../core/option-rules.js';
import { isStandardSchema, issuePaths } from '../core/standard-schema.js';
import type { HistoryLimits } from './engine/engine.js';
import type { PresenceOptions, RoomNameOptions, RoomOptions } from './room.options.js';

/** The preset of `history: true`. */
const HISTORY: HistoryLimits = { size: 100, ttlMs: 300_000, maxBytes: 262_144 };
/** Of what a frame has beside the body of its publication: its own head, room, offset and epoch. */
const MAX_PLACE_BYTES = 256;

const PRESENCE: Required<PresenceOptions> = { describe: () => ({}), maxListed: 100 };

/** What the rooms of one name keep and tell, resolved. */
export interface RoomSettings {
  readonly history: HistoryLimits | undefined;
  readonly presence: Required<PresenceOptions> | undefined;
  readonly slowConsumer: SlowConsumerRule;
  readonly maxMembers: number;
  readonly events: DeclaredEvents | undefined;
}

/** What the settings are made of. */
type RoomSettingsOptions = Pick<RoomOptions, 'rooms' | 'maxMembersPerRoom'> & {
  readonly maxOutboxBytes: number;
  readonly strict: boolean;
};

/** The settings of every room name, found by name or by key. */
export class SettingsOfRooms {
  readonly #named = new Map<string, RoomSettings>();
  readonly #others: RoomSettings;

  constructor(private readonly options: RoomSettingsOptions) {
    this.#others = this.#resolve({});
    for (const [name, given] of Object.entries(options.rooms))
      this.#named.set(name, this.#resolve(given, name));
  }

  of(name: string): RoomSettings {
    return this.#named.get(name) ?? this.#others;
  }

  ofKey(key: RoomKey): RoomSettings {
    return this.#named.size === 0 ? this.#others : this.of(splitRoomKey(key)[0]);
  }

  /** @throws RoomgateError `invalid_options` when options are given for rooms that no gateway serves. */
  checkNames(served: readonly string[]): void {
    for (const name of this.#named.keys()) {
      if (!served.includes(name))
        throw new RoomgateError(
          'invalid_options',
          `Option "rooms" names "${name}", but no gateway serves rooms of that name. Known names: ${served.join(', ') || 'none'}.`,
        );
    }
  }

  /** Compares what is sent with the schema declared for its event, unless strict. @throws RoomgateError `invalid_data` */
  checkEvent(roomName: string, event: string, data: unknown): void {
    if (!this.options.strict) this.of(roomName).events?.check(event, data);
  }

  /**
   * What no member could be sent is the publisher's fault, and no reason to close readers.
   * @throws RoomgateError `too_big` for a body that does not fit into `maxOutboxBytes` with what stands around it in its frame.
   */
  checkSize(body: string | Buffer): void {
    const room = this.options.maxOutboxBytes - MAX_PLACE_BYTES;
    // A character is three bytes at most, so a short text needs no counting.
    if (body.length * 3 <= room || Buffer.byteLength(body) <= room) return;
    throw new RoomgateError(
      'too_big',
      `Expected a publication of at most ${room} bytes, got ${Buffer.byteLength(body)}. Publish it in parts, or raise maxOutboxBytes (${this.options.maxOutboxBytes}).`,
    );
  }

  #resolve(given: RoomNameOptions, name = ''): RoomSettings {
    const { history, presence, events, slowConsumer = 'close' } = given;
    const { maxMembers = this.options.maxMembersPerRoom } = given;
    const limits = history ? { ...HISTORY, ...membersOf(history) } : undefined;
    // What a member missed is handed over in one piece, behind which its outbox has to have room for what goes on meanwhile.
    if (limits && limits.maxBytes > this.options.maxOutboxBytes / 2)
      throw new RoomgateError(
        'invalid_options',
        `The history of rooms named "${name}" may have ${limits.maxBytes} bytes, more than half of maxOutboxBytes (${this.options.maxOutboxBytes}).`,
      );
    return {
      history: limits,
      presence: presence ? { ...PRESENCE, ...membersOf(presence) } : undefined,
      slowConsumer: { policy: slowConsumer, hasHistory: limits !== undefined },
      maxMembers,
      events: events && new DeclaredEvents(events),
    };
  }
}

/** What was given instead of just `true`; a member that is undefined counts as absent. */
function membersOf<T extends object>(given: true | T): Partial<T> {
  const members = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as Partial<T>;
}

/**
 * What the application says its events look like, as Standard Schemas by event. Data is checked as it is handed over, and
 * goes out as it is: what a schema would make of it is dropped.
 */
export class DeclaredEvents {
  readonly #schemas: ReadonlyMap<string, StandardSchemaV1>;

  /** @throws RoomgateError `invalid_options` for what is not a Standard Schema, `reserved_event` for an event of roomgate. */
  constructor(schemas: Readonly<Record<string, StandardSchemaV1>>) {
    this.#schemas = new Map(Object.entries(schemas));
    for (const [event, schema] of this.#schemas) {
      if (!isStandardSchema(schema))
        throw new RoomgateError(
          'invalid_options',
          `Expected the schema of the event ${quote(event)} to be a Standard Schema (zod, valibot, …).`,
        );
      refuseReserved(event);
    }
  }

  /**
   * Returns when the data fits, or the event was not declared.
   * @throws RoomgateError `invalid_data` naming event and paths, but no value; `invalid_options` when the schema answers with a
   * promise; whatever a schema throws.
   */
  check(event: string, data: unknown): void {
    const result = this.#schemas.get(event)?.['~standard'].validate(data);
    if (!result) return;
    if ('then' in result) {
      // Nobody waits for it, and a rejection that nobody hears of ends the process.
      result.then(undefined, () => {});
      throw new RoomgateError(
        'invalid_options',
        `The schema of the event ${quote(event)} is asynchronous: an event is sent at once, so its schema has to answer at once.`,
      );
    }
    if (!result.issues) return;
    const paths = issuePaths(result.issues).map((path) => path || 'the data itself');
    throw new RoomgateError(
      'invalid_data',
      `The data of the event ${quote(event)} does not fit its schema at ${paths.join(', ')}.`,
    );
  }
}

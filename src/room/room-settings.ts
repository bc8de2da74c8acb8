import { type RoomKey, splitRoomKey } from '../admission/room-id.js';
import type { SlowConsumerRule } from '../connection/slow-consumer.js';
import { RoomgateError } from '../core/errors.js';
import { DeclaredEvents } from './declared-events.js';
import type { HistoryLimits } from './engine/publication.js';
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
export type RoomSettingsOptions = Pick<RoomOptions, 'rooms' | 'maxMembersPerRoom'> & {
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

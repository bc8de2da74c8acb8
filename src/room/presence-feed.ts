import { splitRoomKey } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import { encodeTextFrame } from '../connection/frame.js';
import { encodeMessage } from '../connection/message.js';
import type { Clock } from '../core/clock.js';
import type { PresenceChange } from './engine/presence-entry.js';
import type { LocalRoom } from './local-room.js';

const WINDOW_MS = 250;
const MAX_MEMBERS_PER_FRAME = 50;

/**
 * Tells members who came and who went, four times a second at most: a server that restarts brings a thousand members at once,
 * and each of them would be told of each other. Who came and went in between is not told at all.
 */
export class PresenceFeed {
  #pending = new Map<LocalRoom, Map<string, PresenceChange>>();
  #interrupted = new Set<LocalRoom>();
  #cancelTimer: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  tell(room: LocalRoom, change: PresenceChange): void {
    let changes = this.#pending.get(room);
    if (!changes) this.#pending.set(room, (changes = new Map()));
    const before = changes.get(change.memberId);
    if (before && before.kind !== change.kind) changes.delete(change.memberId);
    else changes.set(change.memberId, change);
    this.#arm();
  }

  /** Somebody may have come or gone whom nobody was told of: members have to ask anew. */
  interrupted(room: LocalRoom): void {
    this.#interrupted.add(room);
    this.#arm();
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#pending.clear();
    this.#interrupted.clear();
  }

  #arm(): void {
    this.#cancelTimer ??= this.clock.setTimer(this.#flush, WINDOW_MS);
  }

  readonly #flush = (): void => {
    this.#cancelTimer = undefined;
    const [pending, interrupted] = [this.#pending, this.#interrupted];
    this.#pending = new Map();
    this.#interrupted = new Set();
    for (const [room, changes] of pending) {
      for (const kind of ['left', 'joined'] as const)
        this.#announce(
          room,
          kind,
          [...changes.values()].filter((change) => change.kind === kind),
        );
    }
    for (const room of interrupted) this.#say(room, 'presence.gap');
  };

  #announce(room: LocalRoom, kind: PresenceChange['kind'], changes: PresenceChange[]): void {
    for (let from = 0; from < changes.length; from += MAX_MEMBERS_PER_FRAME) {
      const members = changes
        .slice(from, from + MAX_MEMBERS_PER_FRAME)
        .map(({ memberId, info }) => ({ id: memberId, info }));
      this.#say(room, `presence.${kind}`, { members });
    }
  }

  #say(room: LocalRoom, event: string, news?: object): void {
    const [, id] = splitRoomKey(room.key);
    const mayHear = ({ memberships }: RoomConnection): boolean =>
      memberships.find(({ key }) => key === room.key)?.rights.presence === true;
    room.announce(encodeTextFrame(encodeMessage(event, { room: id, ...news })), mayHear);
  }
}

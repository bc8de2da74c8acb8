import { splitRoomKey } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import { encodeTextFrame } from '../connection/frame.js';
import { encodeMessage } from '../connection/message.js';
import type { Clock } from '../roomgate.clock.js';
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
  #cancelTimer: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  tell(room: LocalRoom, change: PresenceChange): void {
    let changes = this.#pending.get(room);
    if (!changes) this.#pending.set(room, (changes = new Map()));
    const before = changes.get(change.memberId);
    if (before && before.kind !== change.kind) changes.delete(change.memberId);
    else changes.set(change.memberId, change);
    this.#cancelTimer ??= this.clock.setTimer(this.#flush, WINDOW_MS);
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#pending.clear();
  }

  readonly #flush = (): void => {
    this.#cancelTimer = undefined;
    const pending = this.#pending;
    this.#pending = new Map();
    for (const [room, changes] of pending) {
      for (const kind of ['left', 'joined'] as const)
        this.#announce(
          room,
          kind,
          [...changes.values()].filter((change) => change.kind === kind),
        );
    }
  };

  #announce(room: LocalRoom, kind: PresenceChange['kind'], changes: PresenceChange[]): void {
    const [, id] = splitRoomKey(room.key);
    const mayHear = ({ memberships }: RoomConnection): boolean =>
      memberships.find(({ key }) => key === room.key)?.rights.presence === true;
    for (let from = 0; from < changes.length; from += MAX_MEMBERS_PER_FRAME) {
      const members = changes
        .slice(from, from + MAX_MEMBERS_PER_FRAME)
        .map(({ memberId, info }) => ({ id: memberId, info }));
      room.announce(
        encodeTextFrame(encodeMessage(`presence.${kind}`, { room: id, members })),
        mayHear,
      );
    }
  }
}

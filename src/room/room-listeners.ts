import { type RoomId, type RoomKey, splitRoomKey } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';

/**
 * Told of rooms and members of this node, when it has happened and in that order: what one of them does about it, the others hear
 * of behind it. What it throws is logged and changes nothing.
 */
export interface MembershipListener {
  onJoin?(connection: RoomConnection, room: RoomId): unknown;
  onLeave?(connection: RoomConnection, room: RoomId): unknown;
  /** The first member joined a room that this node did not have. */
  onRoomCreated?(roomName: string, room: RoomId): unknown;
  /** The last member left; `roomIdleMs` later, unless somebody came, the node forgets the room. */
  onRoomEmpty?(roomName: string, room: RoomId): unknown;
}

interface Noted {
  readonly what: keyof MembershipListener;
  readonly tell: (listener: MembershipListener) => unknown;
}

/**
 * Calls the listeners of the application, whose faults are no reason to stop. What happens is noted, and then told to all before
 * what came of it: where the first one closes whoever joins, the second would hear of the leave before the join.
 */
export class RoomListeners {
  readonly #listeners = new Set<MembershipListener>();
  #noted: Noted[] = [];
  #isTelling = false;

  constructor(private readonly warn: (line: string, error: unknown) => void) {}

  /** Returns how to stop listening. */
  add(listener: MembershipListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** For `tell`, which has to follow. Nothing is made of it when nobody listens. */
  note(what: 'onJoin' | 'onLeave', connection: RoomConnection, room: RoomId): void {
    if (this.#listeners.size > 0)
      this.#noted.push({ what, tell: (listener) => listener[what]?.(connection, room) });
  }

  /** @see RoomListeners.note */
  noteRoom(what: 'onRoomCreated' | 'onRoomEmpty', key: RoomKey): void {
    if (this.#listeners.size === 0) return;
    const [name, id] = splitRoomKey(key);
    this.#noted.push({ what, tell: (listener) => listener[what]?.(name, id) });
  }

  /** Tells what was noted. Asked to by a listener, it leaves that to the one that is telling. */
  tell(): void {
    if (this.#isTelling || this.#noted.length === 0) return;
    this.#isTelling = true;
    try {
      // An array that grows while it is read is read to its new end.
      for (const noted of this.#noted) this.#tellAll(noted);
    } finally {
      this.#noted = [];
      this.#isTelling = false;
    }
  }

  /** Somebody else's code, which may throw or reject. */
  attempt(act: () => unknown, line: string): void {
    const failed = (error: unknown): void => this.warn(line, error);
    try {
      Promise.resolve(act()).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #tellAll({ what, tell }: Noted): void {
    for (const listener of this.#listeners)
      this.attempt(() => tell(listener), `A membership listener's ${what} failed`);
  }
}

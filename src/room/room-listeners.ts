import { type RoomId, type RoomKey, splitRoomKey } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';

/** Told of rooms and members of this node, when it has happened. What it throws is logged and changes nothing. */
export interface MembershipListener {
  onJoin?(connection: RoomConnection, room: RoomId): unknown;
  onLeave?(connection: RoomConnection, room: RoomId): unknown;
  /** The first member joined a room that this node did not have. */
  onRoomCreated?(roomName: string, room: RoomId): unknown;
  /** The last member left; `roomIdleMs` later, unless somebody came, the node forgets the room. */
  onRoomEmpty?(roomName: string, room: RoomId): unknown;
}

/** Calls the listeners of the application, whose faults are no reason to stop. */
export class RoomListeners {
  readonly #listeners = new Set<MembershipListener>();

  constructor(private readonly warn: (line: string, error: unknown) => void) {}

  /** Returns how to stop listening. */
  add(listener: MembershipListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(what: 'onJoin' | 'onLeave', connection: RoomConnection, room: RoomId): void {
    this.#each(what, (listener) => listener[what]?.(connection, room));
  }

  tellRoom(what: 'onRoomCreated' | 'onRoomEmpty', key: RoomKey): void {
    if (this.#listeners.size === 0) return;
    const [name, id] = splitRoomKey(key);
    this.#each(what, (listener) => listener[what]?.(name, id));
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

  #each(what: string, act: (listener: MembershipListener) => unknown): void {
    for (const listener of this.#listeners)
      this.attempt(() => act(listener), `A membership listener's ${what} failed`);
  }
}

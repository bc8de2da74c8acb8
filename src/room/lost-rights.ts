import type { RoomKey } from '../admission/room-id.js';
import { BoundedCache } from '../admission/bounded-cache.js';

const MAX_ENTRIES = 10_000;

/**
 * Who lost a room. What was published until it is let in again is not for it, so no position from before leads there, whatever
 * the policy says of history then. Known on this node alone, the most recent ten thousand.
 */
export class LostRights {
  /** When they were let in again; undefined while they are not. */
  readonly #again = new BoundedCache<{ since?: number }>(MAX_ENTRIES);

  lost(key: RoomKey, identity: string): void {
    this.#again.set(`${key} ${identity}`, {});
  }

  /** The time from which on the room's past is for somebody who enters now; undefined when nothing was lost. */
  notBefore(key: RoomKey, identity: string, now: number): number | undefined {
    // Everybody who enters is asked about, and hardly anybody ever lost anything.
    const entry = this.#again.size === 0 ? undefined : this.#again.get(`${key} ${identity}`);
    // In this millisecond something may have been said before.
    return entry && (entry.since ??= now + 1);
  }
}

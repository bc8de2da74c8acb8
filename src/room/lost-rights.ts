import type { RoomKey } from '../admission/room-id.js';
import { BoundedCache } from '../core/bounded-cache.js';

const MAX_ENTRIES = 10_000;

/**
 * Remembers subjects that lost a room. When such a subject is let in again, it may not read what was published before that
 * moment, whatever the policy says of history. Per node, the latest 10,000.
 */
export class LostRights {
  /** When they were let in again; undefined while they are not. */
  readonly #again = new BoundedCache<{ since?: number }>(MAX_ENTRIES);

  lost(key: RoomKey, identity: string): void {
    this.#again.set(`${key} ${identity}`, {});
  }

  /** In every room, also in those that the subject is not in at the moment. */
  lostEverywhere(identity: string): void {
    this.#again.set(identity, {});
  }

  /** The time from which on the room's past is for somebody who enters now; undefined when nothing was lost. */
  notBefore(key: RoomKey, identity: string, now: number): number | undefined {
    // Everybody who enters is asked about, and hardly anybody ever lost anything.
    if (this.#again.size === 0) return undefined;
    const entries = [this.#again.get(`${key} ${identity}`), this.#again.get(identity)];
    // In this millisecond something may have been said before.
    const times = entries.flatMap((entry) => (entry ? [(entry.since ??= now + 1)] : []));
    return times.length > 0 ? Math.max(...times) : undefined;
  }
}

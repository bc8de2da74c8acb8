import type { RoomKey } from '../admission/room-id.js';
import type { Waiting, Whereabouts } from './outgoing.js';

/** Of which rooms publications were dropped because the connection was muted, and where each has to go on from. */
export class Missed {
  #since: Map<RoomKey, Whereabouts> | undefined;

  /** What was queued first is dropped first, so the first loss of a room is the one to go on from. */
  add({ key, before }: Waiting): void {
    if (!key || !before || this.#since?.has(key)) return;
    (this.#since ??= new Map()).set(key, before);
  }

  /** The client was told that it misses this: a later loss goes on from where that led. */
  forget(key: RoomKey): void {
    this.#since?.delete(key);
  }

  /** All of them since it was last asked. */
  take(): ReadonlyMap<RoomKey, Whereabouts> {
    const since = this.#since ?? new Map<RoomKey, Whereabouts>();
    this.#since = undefined;
    return since;
  }
}

import type { RoomKey } from './room-id.js';

const MAX_ROOMS = 10_000;

/**
 * When rights were last asked for anew or taken, in each room and everywhere: who has an answer from before, at the door or in a
 * cache, has to ask again. Of many rooms the older half is forgotten, and taken for as new as the newest of them.
 */
export class Generations {
  #count = 0;
  /** No room is older. */
  #floor = 0;
  #rooms = new Map<RoomKey, number>();

  /** What was answered in the room until now is stale; without a room, everywhere. */
  raise(key?: RoomKey): void {
    this.#count += 1;
    if (key === undefined) {
      this.#rooms.clear();
      this.#floor = this.#count;
      return;
    }
    this.#rooms.delete(key);
    this.#rooms.set(key, this.#count);
    if (this.#rooms.size > MAX_ROOMS) this.#forget();
  }

  of(key: RoomKey): number {
    return this.#rooms.get(key) ?? this.#floor;
  }

  #forget(): void {
    const [...rooms] = this.#rooms;
    this.#floor = rooms[MAX_ROOMS / 2]?.[1] ?? this.#count;
    this.#rooms = new Map(rooms.slice(MAX_ROOMS / 2 + 1));
  }
}

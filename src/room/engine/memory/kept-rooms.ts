import { randomInt } from 'node:crypto';
import type { EngineKey } from '../engine.js';
import type { HistoryLimits, Publication } from '../publication.js';
import { KeptHistory } from './kept-history.js';
import { KeptRoom } from './kept-room.js';

/** Rooms that are looked at, at each call: none of them pays for a burst of others. */
const SWEPT_AT_ONCE = 16;

/** What a room that nobody uses costs beside its publications: somebody may walk through rooms in which nobody speaks. */
const UNUSED_BYTES = 512;

/** The rooms of the memory engine: those that are subscribed, and those whose history is kept, within a bound for all. */
export class KeptRooms {
  readonly #rooms = new Map<EngineKey, KeptRoom>();
  /** Those that nobody is subscribed to but whose history is kept, the longest unused first. */
  readonly #unused = new Map<EngineKey, KeptRoom>();
  #round = this.#rooms.entries();
  #bytes = 0;

  constructor(
    private readonly elapsed: () => number,
    private readonly maxBytes: number,
  ) {}

  /** One that nobody has used for too long is no more. */
  find(key: EngineKey): KeptRoom | undefined {
    const room = this.#rooms.get(key);
    if (!room || !this.#unused.has(key) || room.forgetAt > this.elapsed()) return room;
    this.#drop(key, room);
    return undefined;
  }

  open(key: EngineKey): KeptRoom {
    const room = new KeptRoom(newEpoch());
    this.#rooms.set(key, room);
    return room;
  }

  /** Somebody is subscribed: kept in any case. */
  use(key: EngineKey): void {
    if (this.#unused.delete(key)) this.#bytes -= UNUSED_BYTES;
  }

  /** Nobody is subscribed: kept as long as its history may be asked for. */
  release(key: EngineKey, room: KeptRoom): void {
    if (!room.history) return this.#drop(key, room);
    this.use(key);
    room.forgetAt = this.elapsed() + room.history.limits.ttlMs;
    this.#unused.set(key, room);
    this.#bytes += UNUSED_BYTES;
    this.#makeSpace(room.history);
  }

  keep(key: EngineKey, room: KeptRoom, publication: Publication, limits: HistoryLimits): void {
    const history = (room.history ??= new KeptHistory(limits));
    this.#change(history, () => history.add(publication, this.elapsed()));
    this.expire(room);
    if (room.isSubscribed) this.#makeSpace(history);
    else this.release(key, room);
  }

  expire({ history }: KeptRoom): void {
    if (history) this.#change(history, () => history.expire(this.elapsed()));
  }

  /** Goes round, a few rooms at each call: what is too old makes room for others although nobody comes to ask for it. */
  sweep(): void {
    for (let looked = 0; looked < SWEPT_AT_ONCE; looked++) {
      const { value, done } = this.#round.next();
      if (done) {
        this.#round = this.#rooms.entries();
        return;
      }
      const room = this.find(value[0]);
      if (room) this.expire(room);
    }
  }

  clear(): void {
    this.#rooms.clear();
    this.#unused.clear();
    this.#bytes = 0;
  }

  /** Rooms that nobody uses go first, then the oldest of the room that has just spoken. */
  #makeSpace(history: KeptHistory): void {
    for (const [key, room] of this.#unused) {
      if (this.#bytes <= this.maxBytes) return;
      if (room.history !== history) this.#drop(key, room);
    }
    this.#change(history, () => history.free(this.#bytes - this.maxBytes));
  }

  #change(history: KeptHistory, act: () => void): void {
    const before = history.bytes;
    act();
    this.#bytes += history.bytes - before;
  }

  #drop(key: EngineKey, room: KeptRoom): void {
    this.use(key);
    this.#bytes -= room.history?.bytes ?? 0;
    this.#rooms.delete(key);
  }
}

/** Never the same again for a room; it tells nothing, and random bytes of its own would cost more than the room. */
export function newEpoch(): string {
  return randomInt(2 ** 48 - 1).toString(36);
}

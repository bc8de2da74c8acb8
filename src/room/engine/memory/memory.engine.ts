import { randomInt } from 'node:crypto';
import { type EngineKey, type EngineSink, RoomEngine } from '../engine.js';
import type { PresenceEntry, PresencePage } from '../presence-entry.js';
import type {
  HistoryLimits,
  HistoryPage,
  Position,
  Publication,
  PublishOptions,
  ReadRange,
} from '../publication.js';
import { KeptHistory } from './kept-history.js';
import { KeptPresence } from './kept-presence.js';
import { KeptRoom } from './kept-room.js';

/** Rooms that are looked at, at each call: none of them pays for a burst of others. */
const SWEPT_AT_ONCE = 16;

/** What a room that nobody uses costs beside its publications: somebody may walk through rooms in which nobody speaks. */
const UNUSED_BYTES = 512;

/** The default engine: one node, nothing leaves the process. Delivery happens before `publish` returns, unless inside another one. */
export class MemoryEngine extends RoomEngine {
  readonly #rooms = new Map<EngineKey, KeptRoom>();
  /** Those that nobody is subscribed to but whose history is kept, the longest unused first. */
  readonly #unused = new Map<EngineKey, KeptRoom>();
  /** Apart from the rooms: who is present stays so, whatever becomes of what was said. */
  readonly #presences = new Map<EngineKey, KeptPresence>();
  #round = this.#rooms.entries();
  #keptBytes = 0;
  #sink: EngineSink | undefined;

  constructor(
    private readonly now: () => number = Date.now,
    private readonly maxHistoryBytes = 256 * 1024 * 1024,
  ) {
    super();
  }

  start(sink: EngineSink): void {
    this.#sink = sink;
  }

  publish(
    key: EngineKey,
    body: string | Buffer,
    { publicationId, except, history }: PublishOptions,
  ): Position {
    const room = this.#find(key) ?? (history && this.#open(key));
    // Nobody listens and nothing is kept: a server that speaks to empty rooms must not fill the memory with them.
    if (!room) return { offset: 1, epoch: newEpoch() };
    const publishedAt = this.now();
    const known = room.recent.find(publicationId, publishedAt);
    if (known !== undefined) return { offset: known, epoch: room.epoch };
    const offset = (room.offset += 1);
    room.recent.add(publicationId, offset, publishedAt);
    const publication = { publicationId, offset, body, except, publishedAt };
    if (history) this.#keep(key, room, publication, history);
    this.#deliver(key, room, publication);
    return { offset, epoch: room.epoch };
  }

  subscribe(key: EngineKey, history?: HistoryLimits): Position {
    this.#sweep();
    const room = this.#find(key) ?? this.#open(key);
    room.isSubscribed = true;
    if (history) room.history ??= new KeptHistory(history);
    this.#use(key);
    return { offset: room.offset, epoch: room.epoch };
  }

  unsubscribe(key: EngineKey): void {
    const room = this.#rooms.get(key);
    if (!room) return;
    room.isSubscribed = false;
    room.waiting = undefined;
    this.#release(key, room);
    this.#sweep();
  }

  read(key: EngineKey, range: ReadRange): HistoryPage {
    const room = this.#find(key);
    if (!room) return { publications: [], position: { offset: 0, epoch: newEpoch() } };
    this.#expire(room.history);
    const publications = room.history?.read(range) ?? [];
    return { publications, position: { offset: room.offset, epoch: room.epoch } };
  }

  enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): void {
    let presence = this.#presences.get(key);
    if (!presence) {
      presence = new KeptPresence((change) => {
        if (this.#rooms.get(key)?.isSubscribed) this.#sink?.presence(key, change);
      });
      this.#presences.set(key, presence);
    }
    presence.enter(entry, this.now() + ttlMs);
  }

  exit(key: EngineKey, connectionId: string): void {
    const presence = this.#presences.get(key);
    presence?.exit(connectionId);
    if (presence?.isEmpty) this.#presences.delete(key);
  }

  renew(key: EngineKey, entries: readonly PresenceEntry[], ttlMs: number): void {
    for (const entry of entries) this.enter(key, entry, ttlMs);
    const presence = this.#presences.get(key);
    presence?.expire(this.now());
    if (presence?.isEmpty) this.#presences.delete(key);
  }

  present(key: EngineKey, limit: number): PresencePage {
    return this.#presences.get(key)?.page(limit, this.now()) ?? { members: [], total: 0 };
  }

  stop(): void {
    this.#rooms.clear();
    this.#unused.clear();
    this.#presences.clear();
    this.#keptBytes = 0;
    this.#sink = undefined;
  }

  #deliver(key: EngineKey, room: KeptRoom, publication: Publication): void {
    if (!room.isSubscribed) return;
    if (room.waiting) {
      room.waiting.push(publication);
      return;
    }
    const waiting = (room.waiting = [publication]);
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      // Unsubscribed by a delivery, and perhaps subscribed again: what waited is not of the new subscription.
      if (room.waiting === waiting) this.#sink?.deliver(key, next);
    }
    if (room.waiting === waiting) room.waiting = undefined;
  }

  #keep(key: EngineKey, room: KeptRoom, publication: Publication, limits: HistoryLimits): void {
    const history = (room.history ??= new KeptHistory(limits));
    this.#change(history, () => history.add(publication));
    this.#expire(history);
    this.#sweep();
    if (room.isSubscribed) this.#makeSpace(history);
    else this.#release(key, room);
  }

  /** Rooms that nobody uses go first, then the oldest of the room that has just spoken. */
  #makeSpace(history: KeptHistory): void {
    for (const [key, room] of this.#unused) {
      if (this.#keptBytes <= this.maxHistoryBytes) return;
      if (room.history !== history) this.#drop(key, room);
    }
    this.#change(history, () => history.free(this.#keptBytes - this.maxHistoryBytes));
  }

  #expire(history: KeptHistory | undefined): void {
    if (history) this.#change(history, () => history.expire(this.now()));
  }

  #change(history: KeptHistory, act: () => void): void {
    const before = history.bytes;
    act();
    this.#keptBytes += history.bytes - before;
  }

  /** Nobody is subscribed: kept as long as its history may be asked for. */
  #release(key: EngineKey, room: KeptRoom): void {
    if (!room.history) return this.#drop(key, room);
    this.#use(key);
    room.forgetAt = this.now() + room.history.limits.ttlMs;
    this.#unused.set(key, room);
    this.#keptBytes += UNUSED_BYTES;
    this.#makeSpace(room.history);
  }

  #use(key: EngineKey): void {
    if (this.#unused.delete(key)) this.#keptBytes -= UNUSED_BYTES;
  }

  /** Goes round, a few rooms at each call: what is too old makes room for others although nobody comes to ask for it. */
  #sweep(): void {
    for (let looked = 0; looked < SWEPT_AT_ONCE; looked++) {
      const { value, done } = this.#round.next();
      if (done) {
        this.#round = this.#rooms.entries();
        return;
      }
      const [key] = value;
      this.#expire(this.#find(key)?.history);
    }
  }

  /** One that nobody has used for too long is no more. */
  #find(key: EngineKey): KeptRoom | undefined {
    const room = this.#rooms.get(key);
    if (!room || room.isSubscribed || room.forgetAt > this.now()) return room;
    this.#drop(key, room);
    return undefined;
  }

  #drop(key: EngineKey, room: KeptRoom): void {
    this.#use(key);
    this.#keptBytes -= room.history?.bytes ?? 0;
    this.#rooms.delete(key);
  }

  #open(key: EngineKey): KeptRoom {
    const room = new KeptRoom(newEpoch());
    this.#rooms.set(key, room);
    return room;
  }
}

/** Never the same again for a room; it tells nothing, and random bytes of its own would cost more than the room. */
function newEpoch(): string {
  return randomInt(2 ** 48 - 1).toString(36);
}

import { randomInt } from 'node:crypto';
import {
  type EngineKey,
  type EngineSink,
  type HistoryLimits,
  type HistoryPage,
  type Position,
  type PresenceEntry,
  type PresencePage,
  type Publication,
  type PublishOptions,
  type ReadRange,
  RoomEngine,
} from '../engine.js';
import { KeptPresence } from './memory-presence.js';

/** The default engine: one node, nothing leaves the process. Delivery happens before `publish` returns, unless inside another one. */
export class MemoryEngine extends RoomEngine {
  readonly #rooms: KeptRooms;
  /** Apart from the rooms: who is present stays so, whatever becomes of what was said. */
  readonly #presences = new Map<EngineKey, KeptPresence>();
  #sink: EngineSink | undefined;

  constructor(
    private readonly now: () => number = Date.now,
    maxHistoryBytes = 256 * 1024 * 1024,
    /** Measures how long things are kept. Default: `now` where one was given, else the monotonic clock of the process. */
    private readonly elapsed: () => number = now === Date.now ? () => performance.now() : now,
  ) {
    super();
    this.#rooms = new KeptRooms(elapsed, maxHistoryBytes);
  }

  override get isAlone(): boolean {
    return true;
  }

  start(sink: EngineSink): void {
    this.#sink = sink;
  }

  publish(
    key: EngineKey,
    body: string | Buffer,
    { publicationId, except, conflateKey, history }: PublishOptions,
  ): Position {
    if (history) this.#rooms.sweep();
    const room = this.#rooms.find(key) ?? (history && this.#rooms.open(key));
    // Nobody listens and nothing is kept: a server that speaks to empty rooms must not fill the memory with them.
    if (!room) return { offset: 1, epoch: newEpoch() };
    const publishedAt = this.now();
    const known =
      publicationId === undefined ? undefined : room.recent.find(publicationId, this.elapsed());
    if (known !== undefined) return { offset: known, epoch: room.epoch };
    const offset = (room.offset += 1);
    if (publicationId !== undefined) room.recent.add(publicationId, offset, this.elapsed());
    const publication = { publicationId, offset, body, except, conflateKey, publishedAt };
    if (history) this.#rooms.keep(key, room, publication, history);
    this.#deliver(key, room, publication);
    return { offset, epoch: room.epoch };
  }

  subscribe(key: EngineKey, history?: HistoryLimits): Position {
    this.#rooms.sweep();
    const room = this.#rooms.find(key) ?? this.#rooms.open(key);
    room.isSubscribed = true;
    if (history) room.history ??= new KeptHistory(history);
    this.#rooms.use(key);
    return { offset: room.offset, epoch: room.epoch };
  }

  unsubscribe(key: EngineKey): void {
    const room = this.#rooms.find(key);
    if (!room) return;
    room.isSubscribed = false;
    room.waiting = undefined;
    this.#rooms.release(key, room);
    this.#rooms.sweep();
  }

  read(key: EngineKey, range: ReadRange): HistoryPage {
    const room = this.#rooms.find(key);
    if (!room) return { publications: [], position: { offset: 0, epoch: newEpoch() } };
    this.#rooms.expire(room);
    const publications = room.history?.read(range) ?? [];
    return { publications, position: { offset: room.offset, epoch: room.epoch } };
  }

  enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): void {
    let presence = this.#presences.get(key);
    if (!presence) {
      presence = new KeptPresence((change) => {
        if (this.#rooms.find(key)?.isSubscribed) this.#sink?.presence(key, change);
      });
      this.#presences.set(key, presence);
    }
    presence.enter(entry, this.elapsed() + ttlMs);
  }

  exit(key: EngineKey, connectionId: string): void {
    const presence = this.#presences.get(key);
    presence?.exit(connectionId);
    if (presence?.isEmpty) this.#presences.delete(key);
  }

  renew(key: EngineKey, entries: readonly PresenceEntry[], ttlMs: number): void {
    for (const entry of entries) this.enter(key, entry, ttlMs);
    const presence = this.#presences.get(key);
    presence?.expire(this.elapsed());
    if (presence?.isEmpty) this.#presences.delete(key);
  }

  present(key: EngineKey, limit: number): PresencePage {
    return this.#presences.get(key)?.page(limit, this.elapsed()) ?? { members: [], total: 0 };
  }

  stop(): void {
    this.#rooms.clear();
    this.#presences.clear();
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
}

/** Rooms that are looked at, at each call: none of them pays for a burst of others. */
const SWEPT_AT_ONCE = 16;

/** What a room that nobody uses costs beside its publications: somebody may walk through rooms in which nobody speaks. */
const UNUSED_BYTES = 512;

/** The rooms of the memory engine: those that are subscribed, and those whose history is kept, within a bound for all. */
class KeptRooms {
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
function newEpoch(): string {
  return randomInt(2 ** 48 - 1).toString(36);
}

/** One life of a room. Made small: a server may have a room for each of its connections, in most of which nobody ever speaks. */
class KeptRoom {
  offset = 0;
  isSubscribed = false;
  /** Publications that wait because one is being delivered; undefined while none is. */
  waiting: Publication[] | undefined;
  history: KeptHistory | undefined;
  /** While nobody is subscribed: when it is forgotten. */
  forgetAt = 0;
  #recent: RecentIds | undefined;

  constructor(readonly epoch: string) {}

  get recent(): RecentIds {
    return (this.#recent ??= new RecentIds());
  }
}

/** The newest publications of one room within its limits. */
export class KeptHistory {
  #kept: Publication[] = [];
  /** Since when each has been kept: `publishedAt` is shown, and the clock behind it may be set. */
  #since: number[] = [];
  #bytes = 0;

  constructor(readonly limits: HistoryLimits) {}

  get bytes(): number {
    return this.#bytes;
  }

  add(publication: Publication, now: number = publication.publishedAt): void {
    this.#kept.push(publication);
    this.#since.push(now);
    this.#bytes += bytesOf(publication);
    while (this.#kept.length > this.limits.size || this.#bytes > this.limits.maxBytes)
      this.#dropOldest();
  }

  /** Drops what is too old. */
  expire(now: number): void {
    while (this.#since[0] !== undefined && now - this.#since[0] >= this.limits.ttlMs)
      this.#dropOldest();
  }

  /** Drops the oldest until so many bytes are free, or nothing is left. */
  free(bytes: number): void {
    const until = this.#bytes - bytes;
    while (this.#kept.length > 0 && this.#bytes > until) this.#dropOldest();
  }

  read({ after, limit, maxBytes }: ReadRange): Publication[] {
    const kept = this.#kept;
    // A page goes on from where the reader is; the newest ones are asked for without a place.
    const isNewest = after === undefined;
    // Offsets run by 1, so nobody has to look for the place.
    const from = isNewest ? kept.length - 1 : Math.max(0, after + 1 - (kept[0]?.offset ?? 0));
    const page: Publication[] = [];
    let bytes = 0;
    for (let at = from; page.length < limit; at += isNewest ? -1 : 1) {
      const publication = kept[at];
      bytes += publication ? bytesOf(publication) : 0;
      if (!publication || (page.length > 0 && bytes > maxBytes)) break;
      page.push(publication);
    }
    return isNewest ? page.reverse() : page;
  }

  #dropOldest(): void {
    const oldest = this.#kept.shift();
    this.#since.shift();
    if (oldest) this.#bytes -= bytesOf(oldest);
  }
}

/** With what a publication costs beside its body, when it is kept and when it is sent. */
function bytesOf({ body }: Publication): number {
  return Buffer.byteLength(body) + 128;
}

const WINDOW_MS = 60_000;
const MAX_IDS = 500;

/**
 * The publication ids of the last minute with their offsets: a retry within it is not a second publication. In two halves, of which
 * the old one is forgotten whole: none has to keep its time. Of more than five hundred a minute the newest five hundred are known.
 */
export class RecentIds {
  #young = new Map<string, number>();
  #old: Map<string, number> | undefined;
  /** When the young half began. */
  #since = 0;

  find(id: string, now: number): number | undefined {
    this.#turn(now);
    return this.#young.get(id) ?? this.#old?.get(id);
  }

  add(id: string, offset: number, now: number): void {
    this.#turn(now);
    this.#young.set(id, offset);
  }

  #turn(now: number): void {
    const age = now - this.#since;
    // Also when the clock was set back: what was remembered would stay until the old time.
    const isOver = age >= WINDOW_MS || age < 0;
    if (!isOver && this.#young.size < MAX_IDS) return;
    this.#old = age >= 2 * WINDOW_MS || this.#young.size === 0 ? undefined : this.#young;
    this.#young = new Map();
    this.#since = now;
  }
}

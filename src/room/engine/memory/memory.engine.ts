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
import type { KeptRoom } from './kept-room.js';
import { KeptRooms, newEpoch } from './kept-rooms.js';

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

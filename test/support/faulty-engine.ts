import { RoomgateError } from 'nestjs-roomgate';
import { DelayedEngine } from '../../src/toolkit/testing/delayed.engine.js';
import {
  type EngineSink,
  type HistoryLimits,
  type HistoryPage,
  type MaybePromise,
  type Position,
  type PresenceEntry,
  type PresencePage,
  type Publication,
  type PublishOptions,
  type ReadRange,
  RoomEngine,
} from '../../src/room/engine/engine.js';
import { RecordingEngine, type Said } from './recording-engine.js';

interface Carried {
  /** Rooms that were forgotten begin a new life, which for the engine inside is another room. */
  life: number;
  history: HistoryLimits | undefined;
  position: Position | undefined;
  delivered: number;
  isSubscribed: boolean;
  isCut: boolean;
  /** What a new life said before the interruption was told. */
  early: Publication[] | undefined;
}

/** An engine within its promises, but only just: it loses deliveries and says so, forgets rooms, and fails to read. It writes down the truth. */
export class FaultyEngine extends RoomEngine {
  /** Every publication by the epoch of its room, in order. */
  readonly truth = new Map<string, Said[]>();
  count = 0;
  now: () => number = () => 0;
  /** How the next reads go. */
  reads: ('fail' | 'hang')[] = [];
  brokenReads = 0;
  reading = 0;
  readonly #inner: RoomEngine;
  readonly #rooms = new Map<string, Carried>();
  #sink!: EngineSink;

  /** With a seed behind random delays. */
  constructor(seed?: number) {
    super();
    const memory = new RecordingEngine(this);
    this.#inner = seed === undefined ? memory : new DelayedEngine(seed, 4, memory);
  }

  start(sink: EngineSink): MaybePromise<void> {
    this.#sink = sink;
    return this.#inner.start({
      deliver: (key, publication) => this.#deliver(key, publication),
      interrupted: () => undefined,
      presence: () => undefined,
    });
  }

  publish(key: string, body: string | Buffer, options: PublishOptions): MaybePromise<Position> {
    return this.#inner.publish(this.#inside(key), body, options);
  }

  subscribe(key: string, history?: HistoryLimits): MaybePromise<Position> {
    const room = this.#room(key);
    Object.assign(room, { history, isSubscribed: true, isCut: false, early: undefined });
    Object.assign(room, { position: undefined, delivered: 0 });
    return after(this.#inner.subscribe(this.#inside(key), history), (position) => {
      room.position = { ...position, offset: Math.max(position.offset, room.delivered) };
      return position;
    });
  }

  unsubscribe(key: string): MaybePromise<void> {
    this.#room(key).isSubscribed = false;
    return this.#inner.unsubscribe(this.#inside(key));
  }

  read(key: string, range: ReadRange): MaybePromise<HistoryPage> {
    const fault = this.reads.shift();
    if (fault) this.brokenReads += 1;
    if (fault === 'fail') throw new RoomgateError('engine_unavailable', 'Cannot read.');
    if (fault) return new Promise(() => undefined);
    this.reading += 1;
    return after(this.#inner.read(this.#inside(key), range), (page) => {
      this.reading -= 1;
      return page;
    });
  }

  enter(key: string, entry: PresenceEntry, ttlMs: number): MaybePromise<void> {
    return this.#inner.enter(key, entry, ttlMs);
  }
  exit(key: string, connectionId: string): MaybePromise<void> {
    return this.#inner.exit(key, connectionId);
  }
  renew(key: string, entries: readonly PresenceEntry[], ttlMs: number): MaybePromise<void> {
    return this.#inner.renew(key, entries, ttlMs);
  }
  present(key: string, limit: number): MaybePromise<PresencePage> {
    return this.#inner.present(key, limit);
  }
  stop(): MaybePromise<void> {
    return this.#inner.stop();
  }

  /** From now on nothing of the room gets here. */
  cut(key: string): void {
    this.#room(key).isCut = true;
  }

  /** It gets here again, and how far the room has got meanwhile is known. */
  heal(key: string): void {
    const room = this.#room(key);
    if (!room.isCut) return;
    room.isCut = false;
    if (room.isSubscribed && room.position && !room.early)
      this.#sink.interrupted(key, room.position);
  }

  /** What was said in the room is lost; it begins anew. */
  forget(key: string): void {
    const room = this.#room(key);
    // One that is just being subscribed will be what it is then.
    if (room.isSubscribed && !room.position) return;
    if (room.isSubscribed) void this.#inner.unsubscribe(this.#inside(key));
    const life = (room.life += 1);
    if (!room.isSubscribed) return;
    const early: Publication[] = (room.early = []);
    void after(this.#inner.subscribe(this.#inside(key), room.history), (position) => {
      if (room.life !== life || room.early !== early) return;
      Object.assign(room, { position, isCut: false, early: undefined });
      this.#sink.interrupted(key, position);
      for (const publication of early) this.#deliver(this.#inside(key), publication);
    });
  }

  /** The life of the room that is carried here. */
  epochOf(key: string): string {
    return this.#room(key).position?.epoch ?? '';
  }

  healAll(): void {
    this.reads = [];
    for (const key of this.#rooms.keys()) this.heal(key);
  }

  #deliver(inside: string, publication: Publication): void {
    const key = outer(inside);
    const room = this.#room(key);
    if (inside !== this.#inside(key) || !room.isSubscribed) return;
    if (room.early) return void room.early.push(publication);
    const { offset } = publication;
    room.delivered = offset;
    if (room.position) room.position = { ...room.position, offset };
    if (!room.isCut) this.#sink.deliver(key, publication);
  }

  #room(key: string): Carried {
    const room = this.#rooms.get(key) ?? {
      life: 0,
      history: undefined,
      position: undefined,
      delivered: 0,
      isSubscribed: false,
      isCut: false,
      early: undefined,
    };
    this.#rooms.set(key, room);
    return room;
  }

  #inside(key: string): string {
    return `${key}#${this.#room(key).life}`;
  }
}

function outer(inside: string): string {
  return inside.slice(0, inside.indexOf('#'));
}

function after<T, R>(value: MaybePromise<T>, then: (value: T) => R): MaybePromise<R> {
  return value instanceof Promise ? value.then(then) : then(value);
}

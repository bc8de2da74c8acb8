import { Injectable } from '@nestjs/common';
import { RoomgateError } from '../../core/errors.js';
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
} from '../../room/engine/engine.js';
import type { RedisReply } from '../network/connection.js';
import { newEpoch } from '../keys.js';
import { decode, positionIn } from './wire.js';
import { RedisPresence } from './presence.js';
import { Publisher } from './publisher.js';
import { READ, TELL } from '../scripts/room.js';
import { RedisStore } from '../store.js';
import { Subscriptions } from './subscriptions.js';

/**
 * Many nodes as one, over Redis 7 or later: one Redis, one with replicas, or a cluster. A room is a hash with its epoch and offset,
 * a stream with its history, and a channel, to which a node listens only while it has members in it. A publication is one
 * script: offset, history, deduplication and delivery happen together or not at all.
 *
 * When Redis cannot be reached everything fails with RoomgateError `engine_unavailable`, and connections stay. When it is back every
 * room is opened anew: members are given what was published meanwhile, or told of a gap.
 */
@Injectable()
export class RedisEngine extends RoomEngine {
  #subscriptions: Subscriptions | undefined;
  readonly #presence: RedisPresence;
  /** What was asked for in this turn. */
  readonly #reads = new Map<string, Promise<HistoryPage>>();
  readonly #publisher: Publisher;

  constructor(private readonly store: RedisStore) {
    super();
    this.#presence = new RedisPresence(store);
    this.#publisher = new Publisher(store);
  }

  override get isAvailable(): boolean {
    return this.unavailableReason === undefined;
  }

  override get unavailableReason(): string | undefined {
    return this.store.unavailableReason;
  }

  async start(sink: EngineSink): Promise<void> {
    const { clock, network } = this.store;
    const subscriptions = new Subscriptions({ network, clock, sink });
    this.#subscriptions = subscriptions;
    this.store.listen({
      message: (link, channel, body) => subscriptions.message(link, channel, body),
      up: () => void subscriptions.restore(),
      down: (link) => subscriptions.down(link),
      moved: () => void subscriptions.restore(),
    });
    await this.store.open();
    subscriptions.start();
  }

  publish(key: EngineKey, body: string | Buffer, options: PublishOptions): Promise<Position> {
    return this.#publisher.publish(this.store.keys.placeOf(key), body, options);
  }

  subscribe(key: EngineKey, history?: HistoryLimits): Promise<Position> {
    return this.#started().add(key, this.store.keys.of(key), history);
  }

  async unsubscribe(key: EngineKey): Promise<void> {
    this.#presence.forget(key);
    // Without Redis there is nothing to take back: what is subscribed ends with the connection, and the room with its lease.
    await this.#subscriptions?.remove(key).catch(() => undefined);
  }

  /** Members who all missed the same ask for it in the same turn: it is read once. */
  read(key: EngineKey, range: ReadRange): Promise<HistoryPage> {
    const { after = '', limit, maxBytes } = range;
    const question = `${key} ${after} ${limit} ${maxBytes}`;
    const asked = this.#reads.get(question);
    if (asked) return asked;
    if (this.#reads.size === 0) process.nextTick(() => this.#reads.clear());
    const page = this.#read(key, [limit, maxBytes, after].map(String));
    this.#reads.set(question, page);
    return page;
  }

  override async tell(key: EngineKey, body: string): Promise<void> {
    const { store } = this;
    const { tag, channel } = store.keys.placeOf(key);
    await store.eval(TELL, tag, [channel], [store.network.publishes, body]);
  }

  enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): Promise<void> {
    return this.#presence.enter(key, entry, ttlMs);
  }

  exit(key: EngineKey, connectionId: string): Promise<void> {
    return this.#presence.exit(key, connectionId);
  }

  renew(key: EngineKey, entries: readonly PresenceEntry[], ttlMs: number): Promise<void> {
    return this.#presence.renew(key, entries, ttlMs);
  }

  present(key: EngineKey, limit: number): Promise<PresencePage> {
    return this.#presence.page(key, limit);
  }

  async stop(): Promise<void> {
    this.#subscriptions?.stop();
    this.#presence.stop();
    this.store.close();
  }

  async #read(key: EngineKey, range: readonly string[]): Promise<HistoryPage> {
    const { tag, room } = this.store.keys.of(key);
    const reply = await this.store.eval(READ, tag, room, [newEpoch(), ...range]);
    const [, , ...messages] = reply as readonly RedisReply[];
    const publications = messages.map((bytes) => publicationIn(bytes as Buffer));
    return { publications, position: positionIn(reply) };
  }

  #started(): Subscriptions {
    if (!this.#subscriptions)
      throw new RoomgateError('engine_unavailable', 'The engine was not started.');
    return this.#subscriptions;
  }
}

/** @throws RoomgateError `engine_unavailable`: another version has written it, and what is missing must not go unseen. */
function publicationIn(bytes: Buffer): Publication {
  const message = decode(bytes);
  if (message && 'publication' in message) return message.publication;
  throw new RoomgateError('engine_unavailable', 'Redis keeps a publication of an unknown version.');
}

import {
  type EngineKey,
  type EngineSink,
  type HistoryLimits,
  type HistoryPage,
  type MaybePromise,
  type Position,
  type PresenceEntry,
  type PresencePage,
  type PublishOptions,
  type ReadRange,
  RoomEngine,
} from '../../room/engine/engine.js';
import { MemoryEngine } from '../../room/engine/memory/memory.engine.js';

/**
 * The memory engine behind seeded random delays, for tests: answers and deliveries come later and independently, as from a
 * store across a network, in an order the contract allows. What passes on it does not lean on the memory engine being at once.
 */
export class DelayedEngine extends RoomEngine {
  readonly #lanes = new Map<string, Promise<unknown>>();
  /** How often each key was unsubscribed, and how often it had been when the subscription that now carries it was asked for. */
  readonly #unsubscribed = new Map<EngineKey, number>();
  readonly #carried = new Map<EngineKey, number>();
  #state: number;

  constructor(
    seed: number,
    private readonly maxTurns = 4,
    private readonly inner: RoomEngine = new MemoryEngine(),
  ) {
    super();
    this.#state = seed >>> 0 || 1;
  }

  override get isAlone(): boolean {
    return this.inner.isAlone;
  }

  start(sink: EngineSink): MaybePromise<void> {
    const carry = (key: EngineKey, act: () => void): void => {
      const generation = this.#carried.get(key);
      void this.#later(`out ${key}`, () => {
        if (this.#generation(key) === generation) act();
      });
    };
    return this.inner.start({
      deliver: (key, publication) => carry(key, () => sink.deliver(key, publication)),
      interrupted: (key, position) => carry(key, () => sink.interrupted(key, position)),
      presence: (key, change) => carry(key, () => sink.presence(key, change)),
    });
  }

  publish(key: EngineKey, body: string | Buffer, options: PublishOptions): Promise<Position> {
    return this.#later(`in ${key}`, () => this.inner.publish(key, body, options));
  }

  subscribe(key: EngineKey, history?: HistoryLimits): Promise<Position> {
    const generation = this.#generation(key);
    return this.#later(`in ${key}`, () => {
      this.#carried.set(key, generation);
      return this.inner.subscribe(key, history);
    });
  }

  unsubscribe(key: EngineKey): Promise<void> {
    this.#unsubscribed.set(key, this.#generation(key) + 1);
    return this.#later(`in ${key}`, () => this.inner.unsubscribe(key));
  }

  read(key: EngineKey, range: ReadRange): Promise<HistoryPage> {
    return this.#later(`read ${key}`, () => this.inner.read(key, range));
  }

  enter(key: EngineKey, entry: PresenceEntry, ttlMs: number): Promise<void> {
    return this.#later(`in ${key}`, () => this.inner.enter(key, entry, ttlMs));
  }

  exit(key: EngineKey, connectionId: string): Promise<void> {
    return this.#later(`in ${key}`, () => this.inner.exit(key, connectionId));
  }

  renew(key: EngineKey, entries: readonly PresenceEntry[], ttlMs: number): Promise<void> {
    return this.#later(`in ${key}`, () => this.inner.renew(key, entries, ttlMs));
  }

  present(key: EngineKey, limit: number): Promise<PresencePage> {
    return this.#later(`read ${key}`, () => this.inner.present(key, limit));
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#lanes.values());
    await this.inner.stop();
  }

  #generation(key: EngineKey): number {
    return this.#unsubscribed.get(key) ?? 0;
  }

  /** Each lane keeps its order; lanes overtake each other. */
  #later<T>(lane: string, act: () => MaybePromise<T>): Promise<T> {
    const done = (this.#lanes.get(lane) ?? Promise.resolve()).then(async () => {
      for (let turns = this.#random(this.maxTurns); turns > 0; turns--)
        await new Promise((resolve) => setImmediate(resolve));
      return act();
    });
    const settled = done.catch(() => undefined);
    this.#lanes.set(lane, settled);
    return done;
  }

  /** xorshift32: small, seeded, good enough to shuffle. */
  #random(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }
}

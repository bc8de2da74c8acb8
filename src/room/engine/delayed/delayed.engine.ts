import { type EngineKey, type EngineSink, RoomEngine } from '../engine.js';
import { MemoryEngine } from '../memory/memory.engine.js';
import type { Position, Publication, PublishOptions } from '../publication.js';

/**
 * The memory engine behind seeded random delays, for tests: answers and deliveries come later and independently, as from a
 * store across a network, in an order the contract allows. What passes on it does not lean on the memory engine being at once.
 */
export class DelayedEngine extends RoomEngine {
  readonly #inner = new MemoryEngine();
  readonly #lanes = new Map<string, Promise<unknown>>();
  /** How often each key was unsubscribed, and how often it had been when the subscription that now carries it was asked for. */
  readonly #unsubscribed = new Map<EngineKey, number>();
  readonly #carried = new Map<EngineKey, number>();
  #state: number;

  constructor(
    seed: number,
    private readonly maxTurns = 4,
  ) {
    super();
    this.#state = seed >>> 0 || 1;
  }

  start(sink: EngineSink): void {
    this.#inner.start({
      deliver: (key: EngineKey, publication: Publication) => {
        const generation = this.#carried.get(key);
        void this.#later(`out ${key}`, () => {
          if (this.#generation(key) === generation) sink.deliver(key, publication);
        });
      },
      interrupted: (key: EngineKey) => void this.#later(`out ${key}`, () => sink.interrupted(key)),
    });
  }

  publish(key: EngineKey, body: string, options: PublishOptions): Promise<Position> {
    return this.#later(`in ${key}`, () => this.#inner.publish(key, body, options));
  }

  subscribe(key: EngineKey): Promise<Position> {
    const generation = this.#generation(key);
    return this.#later(`in ${key}`, () => {
      this.#carried.set(key, generation);
      return this.#inner.subscribe(key);
    });
  }

  unsubscribe(key: EngineKey): Promise<void> {
    this.#unsubscribed.set(key, this.#generation(key) + 1);
    return this.#later(`in ${key}`, () => this.#inner.unsubscribe(key));
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#lanes.values());
    this.#inner.stop();
  }

  #generation(key: EngineKey): number {
    return this.#unsubscribed.get(key) ?? 0;
  }

  /** Each lane keeps its order; lanes overtake each other. */
  #later<T>(lane: string, act: () => T): Promise<T> {
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

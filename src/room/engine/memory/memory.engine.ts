import { randomBytes } from 'node:crypto';
import { type EngineKey, type EngineSink, RoomEngine } from '../engine.js';
import type { Position, Publication, PublishOptions } from '../publication.js';
import { RecentIds } from './recent-ids.js';

/** Made small: a server may have a room for each of its connections, in most of which nobody ever speaks. */
interface Sequence {
  readonly epoch: string;
  offset: number;
  recent: RecentIds | undefined;
  /** Publications that wait because one is being delivered; undefined while none is. */
  waiting: Publication[] | undefined;
}

/** The default engine: one node, nothing leaves the process. Delivery happens before `publish` returns, unless inside another one. */
export class MemoryEngine extends RoomEngine {
  readonly #sequences = new Map<EngineKey, Sequence>();
  readonly #life = randomBytes(8).toString('base64url');
  #epochs = 0;
  #sink: EngineSink | undefined;

  constructor(private readonly now: () => number = Date.now) {
    super();
  }

  start(sink: EngineSink): void {
    this.#sink = sink;
  }

  publish(key: EngineKey, body: string, { publicationId, except }: PublishOptions): Position {
    const sequence = this.#sequences.get(key);
    // Nobody listens and nothing is kept: a server that speaks to empty rooms must not fill the memory with them.
    if (!sequence) return { offset: 1, epoch: this.#newEpoch() };
    const now = this.now();
    const recent = (sequence.recent ??= new RecentIds());
    const known = recent.find(publicationId, now);
    if (known !== undefined) return { offset: known, epoch: sequence.epoch };
    const offset = ++sequence.offset;
    recent.add(publicationId, offset, now);
    this.#deliver(key, sequence, { publicationId, offset, body, except });
    return { offset, epoch: sequence.epoch };
  }

  subscribe(key: EngineKey): Position {
    const sequence = this.#sequence(key);
    return { offset: sequence.offset, epoch: sequence.epoch };
  }

  unsubscribe(key: EngineKey): void {
    // Nothing outlives the last member yet: a room that comes back begins a new epoch.
    this.#sequences.delete(key);
  }

  stop(): void {
    this.#sequences.clear();
    this.#sink = undefined;
  }

  #deliver(key: EngineKey, sequence: Sequence, publication: Publication): void {
    if (sequence.waiting) {
      sequence.waiting.push(publication);
      return;
    }
    const waiting = (sequence.waiting = [publication]);
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (this.#sequences.get(key) === sequence) this.#sink?.deliver(key, next);
    }
    sequence.waiting = undefined;
  }

  #sequence(key: EngineKey): Sequence {
    let sequence = this.#sequences.get(key);
    if (!sequence) {
      const epoch = this.#newEpoch();
      sequence = { epoch, offset: 0, recent: undefined, waiting: undefined };
      this.#sequences.set(key, sequence);
    }
    return sequence;
  }

  /** Never the same again, in this process or another; random bytes for each room would cost more than the room. */
  #newEpoch(): string {
    this.#epochs += 1;
    return `${this.#life}.${this.#epochs.toString(36)}`;
  }
}

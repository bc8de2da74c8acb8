import { randomBytes } from 'node:crypto';
import { type EngineKey, type EngineSink, RoomEngine } from '../engine.js';
import type { Position, Publication, PublishOptions } from '../publication.js';
import { RecentIds } from './recent-ids.js';

/** Made small: a server may have a room for each of its connections, in most of which nobody ever speaks. */
interface Channel {
  readonly epoch: string;
  offset: number;
  recent: RecentIds | undefined;
  /** Publications that wait because one is being delivered; undefined while none is. */
  waiting: Publication[] | undefined;
}

/** The default engine: one node, nothing leaves the process. Delivery happens before `publish` returns, unless inside another one. */
export class MemoryEngine extends RoomEngine {
  readonly #channels = new Map<EngineKey, Channel>();
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
    const channel = this.#channels.get(key);
    // Nobody listens and nothing is kept: a server that speaks to empty rooms must not fill the memory with them.
    if (!channel) return { offset: 1, epoch: this.#newEpoch() };
    const recent = (channel.recent ??= new RecentIds());
    const known = recent.find(publicationId, this.now());
    if (known !== undefined) return { offset: known, epoch: channel.epoch };
    const offset = ++channel.offset;
    recent.add(publicationId, offset, this.now());
    this.#deliver(key, channel, { publicationId, offset, body, except });
    return { offset, epoch: channel.epoch };
  }

  subscribe(key: EngineKey): Position {
    const channel = this.#channel(key);
    return { offset: channel.offset, epoch: channel.epoch };
  }

  unsubscribe(key: EngineKey): void {
    // Nothing outlives the last member yet: a room that comes back begins a new epoch.
    this.#channels.delete(key);
  }

  stop(): void {
    this.#channels.clear();
    this.#sink = undefined;
  }

  #deliver(key: EngineKey, channel: Channel, publication: Publication): void {
    if (channel.waiting) {
      channel.waiting.push(publication);
      return;
    }
    const waiting = (channel.waiting = [publication]);
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (this.#channels.get(key) === channel) this.#sink?.deliver(key, next);
    }
    channel.waiting = undefined;
  }

  #channel(key: EngineKey): Channel {
    let channel = this.#channels.get(key);
    if (!channel) {
      const epoch = this.#newEpoch();
      channel = { epoch, offset: 0, recent: undefined, waiting: undefined };
      this.#channels.set(key, channel);
    }
    return channel;
  }

  /** Never the same again, in this process or another; random bytes for each room would cost more than the room. */
  #newEpoch(): string {
    this.#epochs += 1;
    return `${this.#life}.${this.#epochs.toString(36)}`;
  }
}

import { randomBytes } from 'node:crypto';
import { type EngineKey, type EngineSink, RoomEngine } from '../engine.js';
import type { Position, Publication, PublishOptions } from '../publication.js';
import { RecentIds } from './recent-ids.js';

interface Channel {
  readonly epoch: string;
  offset: number;
  readonly recent: RecentIds;
  /** Publications that wait because one is being delivered. */
  waiting: Publication[];
  isDelivering: boolean;
}

/** The default engine: one node, nothing leaves the process. Delivery happens before `publish` returns, unless inside another one. */
export class MemoryEngine extends RoomEngine {
  readonly #channels = new Map<EngineKey, Channel>();
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
    if (!channel) return { offset: 1, epoch: newEpoch() };
    const known = channel.recent.find(publicationId, this.now());
    if (known !== undefined) return { offset: known, epoch: channel.epoch };
    const offset = ++channel.offset;
    channel.recent.add(publicationId, offset, this.now());
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
    channel.waiting.push(publication);
    if (channel.isDelivering) return;
    channel.isDelivering = true;
    for (let next = channel.waiting.shift(); next; next = channel.waiting.shift()) {
      if (this.#channels.get(key) === channel) this.#sink?.deliver(key, next);
    }
    channel.isDelivering = false;
  }

  #channel(key: EngineKey): Channel {
    let channel = this.#channels.get(key);
    if (!channel) {
      channel = {
        epoch: newEpoch(),
        offset: 0,
        recent: new RecentIds(),
        waiting: [],
        isDelivering: false,
      };
      this.#channels.set(key, channel);
    }
    return channel;
  }
}

function newEpoch(): string {
  return randomBytes(8).toString('base64url');
}

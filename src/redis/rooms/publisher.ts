import type { Position, PublishOptions } from '../../room/engine/publication.js';
import { newUuid } from '../../roomgate.uuid.js';
import type { RedisArgument } from '../network/connection.js';
import type { RoomPlace } from '../keys.js';
import { PUBLISH } from '../scripts/publish.js';
import type { RedisStore } from '../store.js';
import { newEpoch } from '../epoch.js';
import { LEASE_MS } from './subscriptions.js';
import { encodeHead } from './wire.js';

/** Publications and bytes in one call: Redis does nothing else meanwhile. */
const MAX_COUNT = 50;
const MAX_BYTES = 64 * 1024;

interface Waiting {
  readonly resolve: (position: Position) => void;
  readonly reject: (error: unknown) => void;
}

/** Publications of one turn that one script may see. */
interface Batch {
  readonly tag: string;
  readonly keys: string[];
  readonly args: RedisArgument[];
  readonly waiting: Waiting[];
  bytes: number;
}

/** What is published in one turn is one call, as far as it is kept together: a call costs a node, and Redis, more than a publication. */
export class Publisher {
  readonly #batches = new Map<number, Batch>();

  constructor(private readonly store: RedisStore) {}

  /** @throws RoomgateError `engine_unavailable` */
  publish(
    { tag, channel }: RoomPlace,
    body: string | Buffer,
    options: PublishOptions,
  ): Promise<Position> {
    const { publicationId = newUuid(), history } = options;
    const limits = history ? `${history.size} ${history.ttlMs} ${history.maxBytes}` : '';
    const batch = this.#batchOf(tag, body.length);
    batch.bytes += body.length;
    batch.keys.push(channel);
    batch.args.push(publicationId, encodeHead(publicationId, options, body), body, limits);
    return new Promise((resolve, reject) => batch.waiting.push({ resolve, reject }));
  }

  #batchOf(tag: string, bytes: number): Batch {
    const group = this.store.network.groupOf(tag);
    const begun = this.#batches.get(group);
    if (begun && begun.waiting.length < MAX_COUNT && begun.bytes + bytes <= MAX_BYTES) return begun;
    if (begun) this.#send(group, begun);
    const batch: Batch = { tag, keys: [], args: [], waiting: [], bytes: 0 };
    this.#batches.set(group, batch);
    process.nextTick(() => this.#send(group, batch));
    return batch;
  }

  #send(group: number, batch: Batch): void {
    if (this.#batches.get(group) !== batch) return;
    this.#batches.delete(group);
    const { tag, keys, args, waiting } = batch;
    const { network } = this.store;
    const all = [newEpoch(), network.publishes, String(LEASE_MS), ...args];
    this.store.eval(PUBLISH, tag, keys, all).then(
      (reply) => {
        const [names, offsets] = reply as [Buffer, readonly number[]];
        const epochs = String(names).split(' ');
        for (const [index, { resolve }] of waiting.entries())
          resolve({ offset: offsets[index] ?? 0, epoch: epochs[index] ?? '' });
      },
      (error: unknown) => {
        for (const { reject } of waiting) reject(error);
      },
    );
  }
}

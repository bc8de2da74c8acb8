import { RoomgateError } from '../../roomgate.errors.js';
import { isWellFormed } from '../../roomgate.rules.js';
import type { Position, PublishOptions } from '../../room/engine/publication.js';
import { newUuid } from '../../roomgate.uuid.js';
import type { RedisArgument } from '../network/connection.js';
import { type RedisLink, unavailable } from '../network/link.js';
import type { RoomPlace } from '../keys.js';
import { PUBLISH } from '../scripts/publish.js';
import type { RedisStore } from '../store.js';
import { newEpoch } from '../epoch.js';
import { LEASE_MS } from './subscriptions.js';
import { encodeHead } from './wire.js';

/** Publications and bytes in one call: Redis does nothing else meanwhile. */
const MAX_COUNT = 50;
const MAX_BYTES = 64 * 1024;
/** Calls to one process that are not answered yet. The others wait here, where they keep nothing else from being asked. */
const MAX_CALLS = 8;
/** Bytes of publications that are not answered yet, with what each costs beside its body. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024;
const PUBLICATION_BYTES = 1_024;

interface Waiting {
  readonly resolve: (position: Position) => void;
  readonly reject: (error: unknown) => void;
}

/** Publications of one turn that one script may see. */
interface Batch {
  readonly group: Group;
  readonly tag: string;
  readonly keys: string[];
  readonly args: RedisArgument[];
  readonly waiting: Waiting[];
  bytes: number;
}

/** The calls to one process of Redis, in their order. */
class Lane {
  readonly queue: Batch[] = [];
  calls = 0;
}

/** What is kept together in Redis. It stays in its lane until all of it is answered: none overtakes another when its owner changes. */
interface Group {
  readonly number: number;
  readonly lane: Lane;
  batch: Batch | undefined;
  unanswered: number;
}

/** What is published in one turn is one call, as far as it is kept together: a call costs a node, and Redis, more than a publication. */
export class Publisher {
  readonly #groups = new Map<number, Group>();
  readonly #lanes = new WeakMap<RedisLink, Lane>();
  /** Of what nobody is known to be responsible for: it fails at once. */
  readonly #nowhere = new Lane();
  #waitingBytes = 0;

  constructor(private readonly store: RedisStore) {}

  /** @throws RoomgateError `engine_unavailable`; `overloaded` for what was not published because too much waits already. */
  publish(
    { tag, channel }: RoomPlace,
    body: string | Buffer,
    options: PublishOptions,
  ): Promise<Position> {
    if (this.#waitingBytes > MAX_WAITING_BYTES) return Promise.reject(overloaded());
    const { publicationId = newUuid(), history } = options;
    const limits = history ? `${history.size} ${history.ttlMs} ${history.maxBytes}` : '';
    const batch = this.#batchOf(tag, body.length);
    batch.bytes += body.length;
    this.#waitingBytes += body.length + PUBLICATION_BYTES;
    batch.keys.push(channel);
    const head = encodeHead(publicationId, options, body);
    // As bytes all lone surrogates are the same.
    const id =
      head === '' || isWellFormed(publicationId) ? publicationId : JSON.stringify(publicationId);
    batch.args.push(id, head, body, limits);
    return new Promise((resolve, reject) => batch.waiting.push({ resolve, reject }));
  }

  #batchOf(tag: string, bytes: number): Batch {
    const group = this.#groupOf(tag);
    const begun = group.batch;
    if (begun && begun.waiting.length < MAX_COUNT && begun.bytes + bytes <= MAX_BYTES) return begun;
    if (begun) this.#send(begun);
    const batch: Batch = { group, tag, keys: [], args: [], waiting: [], bytes: 0 };
    group.batch = batch;
    group.unanswered += 1;
    process.nextTick(() => {
      if (group.batch === batch) this.#send(batch);
    });
    return batch;
  }

  #groupOf(tag: string): Group {
    const { network } = this.store;
    const number = network.groupOf(tag);
    let group = this.#groups.get(number);
    if (group) return group;
    const link = network.linkOf?.(tag);
    let lane = link ? this.#lanes.get(link) : this.#nowhere;
    if (!lane) this.#lanes.set(link as RedisLink, (lane = new Lane()));
    group = { number, lane, batch: undefined, unanswered: 0 };
    this.#groups.set(number, group);
    return group;
  }

  #send(batch: Batch): void {
    const { group } = batch;
    group.batch = undefined;
    const { lane } = group;
    if (lane.calls < MAX_CALLS) this.#call(batch);
    else lane.queue.push(batch);
  }

  #call(batch: Batch): void {
    const { group, tag, keys, args, waiting } = batch;
    const { lane } = group;
    const { network } = this.store;
    lane.calls += 1;
    const all = [newEpoch(), network.publishes, String(LEASE_MS), ...args];
    this.store.eval(PUBLISH, tag, keys, all).then(
      (reply) => {
        this.#answered(batch);
        const [names, offsets, failure] = reply as [Buffer, readonly number[], Buffer?];
        const epochs = String(names).split(' ');
        const error = failure && unavailable(new Error(String(failure)));
        if (error) this.store.troubled(error, tag);
        for (const [index, { resolve, reject }] of waiting.entries()) {
          const offset = offsets[index];
          if (offset === undefined) reject(error);
          else resolve({ offset, epoch: epochs[index] ?? '' });
        }
      },
      (error: unknown) => {
        this.#answered(batch);
        for (const { reject } of waiting) reject(error);
      },
    );
  }

  #answered({ group, bytes, waiting }: Batch): void {
    const { lane } = group;
    this.#waitingBytes -= bytes + waiting.length * PUBLICATION_BYTES;
    group.unanswered -= 1;
    if (group.unanswered === 0) this.#groups.delete(group.number);
    lane.calls -= 1;
    const next = lane.queue.shift();
    if (next) this.#call(next);
  }
}

function overloaded(): RoomgateError {
  return new RoomgateError(
    'overloaded',
    'Too many publications wait for Redis already: this one was not published. Wait for some of them before the next.',
  );
}

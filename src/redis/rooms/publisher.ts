import { RoomgateError } from '../../core/errors.js';
import { isWellFormed } from '../../core/option-rules.js';
import type { Position, PublishOptions } from '../../room/engine/engine.js';
import { newUuid } from '../../core/uuid.js';
import type { RedisArgument } from '../network/connection.js';
import { type RedisLink, unavailable } from '../network/link.js';
import { newEpoch, type RoomPlace } from '../keys.js';
import { PUBLISH } from '../scripts/publish.js';
import type { RedisStore } from '../store.js';
import { LEASE_MS } from './subscriptions.js';
import { encodeHead } from './wire.js';

/** Publications and bytes in one call: Redis does nothing else meanwhile. */
const MAX_COUNT = 50;
const MAX_BYTES = 64 * 1024;
/** Calls to one process that are not answered yet. The others wait here, where they do not delay other commands. */
const MAX_CALLS = 8;
/** Bytes of publications that are not answered yet, with what each costs beside its body. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024;
const PUBLICATION_BYTES = 1_024;

interface Waiting {
  readonly resolve: (position: Position) => void;
  readonly reject: (error: unknown) => void;
}

/** Publications that one script may see. More are added until it is called. */
interface Batch {
  readonly group: Group;
  readonly tag: string;
  readonly keys: string[];
  readonly args: RedisArgument[];
  readonly waiting: Waiting[];
  bytes: number;
}

/** The batches for one process of Redis, first in, first out. */
class Lane {
  calls = 0;
  isWoken = false;
  #added: Batch[] = [];
  /** The next one is the last: `shift` would move all that wait, and a slow Redis makes 100,000 wait. */
  #next: Batch[] = [];

  add(batch: Batch): void {
    this.#added.push(batch);
  }

  take(): Batch | undefined {
    if (this.#next.length === 0) [this.#next, this.#added] = [this.#added.reverse(), []];
    return this.#next.pop();
  }
}

/** What is kept together in Redis. It stays in its lane until all of it is answered: none overtakes another when its owner changes. */
interface Group {
  readonly number: number;
  readonly lane: Lane;
  /** The newest one, while it is not called. */
  batch: Batch | undefined;
  unanswered: number;
}

/**
 * Publications that are kept together share a call: a call costs a node, and Redis, more than a publication.
 * A call has those of one turn, or all that came while earlier calls were not answered.
 */
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
    const { batch: begun, lane } = group;
    if (begun && begun.waiting.length < MAX_COUNT && begun.bytes + bytes <= MAX_BYTES) return begun;
    const batch: Batch = { group, tag, keys: [], args: [], waiting: [], bytes: 0 };
    group.batch = batch;
    group.unanswered += 1;
    lane.add(batch);
    this.#wake(lane);
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

  /** Calls what may be called, at the end of the turn: the batches are as large as they can be by then. */
  #wake(lane: Lane): void {
    if (lane.isWoken) return;
    lane.isWoken = true;
    process.nextTick(() => {
      lane.isWoken = false;
      while (lane.calls < MAX_CALLS) {
        const batch = lane.take();
        if (!batch) return;
        this.#call(batch);
      }
    });
  }

  #call(batch: Batch): void {
    const { group, tag, keys, args, waiting } = batch;
    const { network } = this.store;
    if (group.batch === batch) group.batch = undefined;
    group.lane.calls += 1;
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
    this.#wake(lane);
  }
}

function overloaded(): RoomgateError {
  return new RoomgateError(
    'overloaded',
    'Too many publications wait for Redis already: this one was not published. Wait for some of them before the next.',
  );
}

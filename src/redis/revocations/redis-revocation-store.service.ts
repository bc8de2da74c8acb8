import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Revocation, RevocationStore } from '../../admission/revocation.js';
import { Clock } from '../../core/clock.js';
import { ROOMGATE_OPTIONS } from '../../core/constants.js';
import { attempt, RoomgateError } from '../../core/errors.js';
import type { RoomgateOptions } from '../../module/options.js';
import { unavailable } from '../network/link.js';
import {
  decodeRevocation,
  fieldOf,
  parityOf,
  rankOf,
  RevocationEntries,
  type RevocationEntry,
  revokedBefore,
} from './revocation-entries.js';
import { RevocationFeed } from './revocation-feed.js';
import { RevocationSet } from './revocation-set.js';
import { RedisStore } from '../store.js';

type Options = Pick<RoomgateOptions, 'maxTokenLifeMs' | 'clockToleranceMs' | 'strict'>;

/**
 * Revocations on every node, over the Redis of `RoomgateRedisModule`. A node listens before it loads, and loads before it admits;
 * what Redis has lost it is given back by the nodes that know it. A block is lifted by what Redis keeps, never by a message.
 */
@Injectable()
export class RedisRevocationStore extends RevocationStore {
  readonly #entries = new RevocationEntries();
  readonly #set: RevocationSet;
  readonly #feed: RevocationFeed;
  #opened: Promise<void> | undefined;
  #isStopped = false;
  #isWarned = false;
  /** Whether Redis is known not to evict what it keeps, where that matters. */
  #isSafe = false;

  constructor(
    private readonly store: RedisStore,
    private readonly clock: Clock,
    @Inject(ROOMGATE_OPTIONS) private readonly options: Options,
  ) {
    super();
    this.#set = new RevocationSet(store);
    this.#feed = new RevocationFeed({
      set: this.#set,
      entries: this.#entries,
      clock,
      unreadable: () => this.#warn(),
    });
    store.listen(this.#feed);
    store.listen({
      message: () => undefined,
      up: () => this.#checkLater(),
      down: () => undefined,
      moved: () => this.#checkLater(),
    });
  }

  /** @throws RoomgateError `engine_unavailable`; `unsafe_options` in strict mode when Redis may evict what it keeps. */
  async start(onRevoked: (revocation: Revocation) => void): Promise<void> {
    await this.#open();
    this.#entries.tellTo(onRevoked);
    try {
      if (this.options.strict) await this.#checkEviction();
      this.#isSafe = true;
      // The first one may have begun before all of Redis could be reached.
      await this.#feed.sync().catch(() => this.#feed.sync());
    } catch (error) {
      const { network } = this.store;
      const isUnsafe = error instanceof RoomgateError && error.code === 'unsafe_options';
      if (isUnsafe || network.isUp || !network.isUpInPart) throw error;
      const line =
        'The revocations are on a part of Redis that is out of reach: nobody is admitted until they are loaded.';
      attempt(() => new Logger('Roomgate').warn(line));
    }
  }

  /** What could not be checked at the start: until it is safe nothing is confirmed. */
  #checkLater(): void {
    if (this.#isSafe || !this.#opened) return;
    this.#checkEviction().then(
      () => (this.#isSafe = true),
      (error: unknown) => {
        const isUnsafe = error instanceof RoomgateError && error.code === 'unsafe_options';
        if (isUnsafe) attempt(() => new Logger('Roomgate').error(error.message));
      },
    );
  }

  /**
   * @throws RoomgateError `engine_unavailable`: it is in force on this node, and on the others when Redis is back. Not so an
   * `unblock`, of which the outcome is unknown.
   */
  async add(revocation: Revocation): Promise<void> {
    const entry = this.#entryOf(revocation);
    if (revocation.kind !== 'unblock') {
      this.#entries.merge(entry);
      this.#entries.unsave(fieldOf(revocation));
    }
    await this.#open();
    const kept = await this.#set.add(entry, fromOf(revocation), this.#lifeOf(revocation));
    this.#entries.settle(entry, kept);
  }

  override confirmedAt(): number {
    return this.#isSafe ? this.#feed.confirmedAt : -Infinity;
  }

  override refresh(): Promise<void> {
    return this.#feed.refresh();
  }

  stop(): void {
    this.#feed.stop();
    this.#entries.stopTelling();
    if (this.#opened && !this.#isStopped) this.store.close();
    this.#isStopped = true;
  }

  /** Also for what is revoked before the start: hooks of other modules may run before ours. */
  #open(): Promise<void> {
    return (this.#opened ??= this.store.open());
  }

  /** As Redis will make it, by what is known here. */
  #entryOf(revocation: Revocation): RevocationEntry {
    if (!decodeRevocation(JSON.stringify(revocation)))
      throw new RoomgateError('invalid_options', 'Expected a revocation.');
    const now = this.clock.now() + this.#feed.skewMs;
    const until = Math.max(now, fromOf(revocation)) + this.#lifeOf(revocation);
    const parity = parityOf(revocation);
    if (parity === undefined)
      return { revocation, rank: rankOf(revocation, this.options.clockToleranceMs), until };
    const known = this.#entries.get(fieldOf(revocation))?.rank ?? 0;
    const rank = Math.max(2 * Math.floor(now), known + 1);
    return { revocation, rank: rank % 2 === parity ? rank : rank + 1, until };
  }

  /** Until the last token that it covers is dead, counted as `Revocations` does. */
  #lifeOf({ kind }: Revocation): number {
    const { maxTokenLifeMs, clockToleranceMs } = this.options;
    return kind === 'block' ? Infinity : maxTokenLifeMs + 2 * clockToleranceMs;
  }

  /** Policies that evict take what is longest unused, such as this. */
  async #checkEviction(): Promise<void> {
    const { link } = this.#set;
    if (!link) throw unavailable();
    const memory = String(await link.call('INFO', ['memory']));
    if (/^maxmemory_policy:noeviction\s*$/m.test(memory)) return;
    throw new RoomgateError(
      'unsafe_options',
      'Redis may evict revocations when its memory is full. Set its "maxmemory-policy" to "noeviction".',
    );
  }

  #warn(): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    const line =
      'Redis has or tells of revocations that cannot be read: another version of nestjs-roomgate, or somebody else, has written them.';
    attempt(() => new Logger('Roomgate').warn(line));
  }
}

/** Tokens of a time to come begin their lives then. */
function fromOf(revocation: Revocation): number {
  const before = revokedBefore(revocation);
  return Number.isFinite(before) ? Math.max(0, before) : 0;
}

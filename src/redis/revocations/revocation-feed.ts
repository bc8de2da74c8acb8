import type { Clock } from '../../core/clock.js';
import { type RedisLink, unavailable } from '../network/link.js';
import type { NetworkEvents } from '../network/topology.js';
import { decodeNews, fieldOf, type RevocationEntries } from './revocation-entries.js';
import { AT_ONCE, type Place, type RevocationSet } from './revocation-set.js';

/** Nobody tells of a slot that has moved: a check and what may follow it have to fit into a second. */
const CHECK_MS = 400;
/** After something has failed, or may have been missed. */
const SOON_MS = 200;

/**
 * Keeps the entries of this node and those of Redis the same: listens first, loads second. It looks again and again
 * whether a change was missed, and whenever Redis is there again; loading only adds, and what Redis has lost it is given back.
 */
export class RevocationFeed implements NetworkEvents {
  /** Up to when nothing was missed for certain. */
  confirmedAt = -Infinity;
  /** Milliseconds by which the clock of Redis is ahead of ours. */
  skewMs = 0;
  /** Who carries the channel here. */
  #link: RedisLink | undefined;
  /** The last change that was told here without a gap; undefined when there may be one. */
  #place: Place | undefined;
  /** The last change that was told before it was known where that begins. */
  #heard: Place | undefined;
  /** The epoch whose Redis has, or will be given, what is known here. */
  #epoch: string | undefined;
  #running: Promise<void> | undefined;
  #cancelTimer = (): void => undefined;
  #isStopped = false;

  constructor(
    private readonly ports: {
      readonly set: RevocationSet;
      readonly entries: RevocationEntries;
      readonly clock: Clock;
      /** Something in Redis cannot be read. */
      readonly unreadable: () => void;
    },
  ) {}

  /** One for all who ask at the same time. Rejects when it could not be done; then it is tried again soon. */
  sync(): Promise<void> {
    return (this.#running ??= this.#run().finally(() => (this.#running = undefined)));
  }

  refresh(): Promise<void> {
    this.#place = undefined;
    return this.sync();
  }

  message(link: RedisLink, channel: string, body: Buffer): void {
    const { set, entries, unreadable } = this.ports;
    if (link !== this.#link || channel !== set.names.channel) return;
    const news = decodeNews(body);
    if (!news) {
      unreadable();
      return this.#doubt();
    }
    const { entry } = news;
    // A message can take rights and give none: for that Redis is asked.
    if (entry.revocation.kind === 'unblock') void this.#ask(link, fieldOf(entry.revocation));
    else entries.merge(entry);
    this.#advance(news);
  }

  up(): void {
    this.sync().catch(() => undefined);
  }

  moved(): void {
    this.up();
  }

  down(link: RedisLink): void {
    if (link !== this.#link) return;
    this.#link = undefined;
    this.#place = undefined;
  }

  stop(): void {
    this.#isStopped = true;
    this.#link = undefined;
    this.#cancelTimer();
  }

  async #run(): Promise<void> {
    this.#cancelTimer();
    const askedAt = this.ports.clock.now();
    let delayMs = SOON_MS;
    try {
      if (await this.#look()) this.confirmedAt = askedAt;
      delayMs = CHECK_MS;
    } finally {
      this.#later(delayMs);
    }
  }

  #later(delayMs: number): void {
    this.#cancelTimer();
    if (!this.#isStopped) this.#cancelTimer = this.ports.clock.setTimer(() => this.up(), delayMs);
  }

  /** Whether all that Redis has is known here. */
  async #look(): Promise<boolean> {
    const { link } = this.ports.set;
    if (!link || this.#isStopped) throw unavailable();
    const isAll = (await this.#hasMissedNothing(link)) || (await this.#begin(link));
    await this.#save();
    if (!this.#place) throw unavailable();
    // What cannot be read is looked for again.
    if (!isAll) this.#place = undefined;
    return isAll;
  }

  async #hasMissedNothing(link: RedisLink): Promise<boolean> {
    const before = this.#place;
    if (!before || this.#link !== link) return false;
    const { epoch, version } = await this.#check(link);
    // What was published before the answer has come by then.
    await link.fence();
    const after = this.#place;
    if (after?.epoch !== epoch || after.version < version) return false;
    // Nobody can have told of changes that were not made yet.
    return before.version <= version;
  }

  async #begin(link: RedisLink): Promise<boolean> {
    const { entries, set } = this.ports;
    const { channel } = set.names;
    const before = this.#link;
    this.#place = undefined;
    this.#heard = undefined;
    if (before?.isUp) await before.unsubscribe(channel).catch(() => undefined);
    this.#link = link;
    await link.subscribe(channel);
    const { epoch, version } = await this.#check(link);
    const heard = this.#heard as Place | undefined;
    this.#place = heard?.epoch === epoch && heard.version > version ? heard : { epoch, version };
    if (this.#epoch !== epoch) entries.unsave();
    this.#epoch = epoch;
    return this.#load(link);
  }

  async #check(link: RedisLink): Promise<Place> {
    const { set, clock, entries } = this.ports;
    const { time, ...place } = await set.check();
    // Whatever went down or moved meanwhile has lost what it had to tell.
    if (this.#link !== link || set.link !== link) throw unavailable();
    this.skewMs = time - clock.now();
    entries.sweep(time);
    return place;
  }

  async #load(link: RedisLink): Promise<boolean> {
    const { set, entries, clock, unreadable } = this.ports;
    const now = clock.now() + this.skewMs;
    let isAll = true;
    for await (const entry of set.entries(link)) {
      if (!entry) isAll = false;
      else if (entry.until > now) entries.load(entry);
    }
    if (!isAll) unreadable();
    return isAll;
  }

  /** Gives Redis what it may not have, without taking back what it has. */
  async #save(): Promise<void> {
    const { set, entries } = this.ports;
    for (let some = entries.unsaved(AT_ONCE); some.length > 0; some = entries.unsaved(AT_ONCE)) {
      await set.merge(some);
      entries.saved(some);
    }
  }

  async #ask(link: RedisLink, field: string): Promise<void> {
    const { set, entries } = this.ports;
    const entry = await set.get(field, link).catch(() => undefined);
    if (this.#link !== link) return;
    if (entry) entries.load(entry);
    else this.#doubt();
  }

  #advance({ epoch, version }: Place): void {
    const at = this.#place;
    if (!at) this.#heard = { epoch, version };
    else if (at.epoch === epoch && version === at.version + 1) this.#place = { epoch, version };
    else if (at.epoch !== epoch || version > at.version) this.#doubt();
  }

  /** Something was missed, or may have been. */
  #doubt(): void {
    if (!this.#place) return;
    this.#place = undefined;
    if (!this.#running) this.#later(SOON_MS);
  }
}

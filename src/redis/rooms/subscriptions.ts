import type { Clock } from '../../core/clock.js';
import type {
  EngineKey,
  EngineSink,
  HistoryLimits,
  Position,
  PresenceChange,
  Publication,
} from '../../room/engine/engine.js';
import { newEpoch, type RoomKeys } from '../keys.js';
import { type RedisLink, unavailable } from '../network/link.js';
import type { RedisNetwork } from '../network/topology.js';
import { SUBSCRIBED, UNSUBSCRIBED } from '../scripts/room.js';
import { decode, positionIn } from './wire.js';

/** Milliseconds that a room stays in Redis without a word of those who are subscribed to it. */
export const LEASE_MS = 180_000;
/** Milliseconds in which every room is looked at once. */
const ROUND_MS = 60_000;
const TICK_MS = 1_000;
/** Rooms that are opened at the same time. */
const AT_ONCE = 500;

/** The rooms that this node listens to, found by key and by channel. */
export class Subscriptions {
  readonly #byKey = new Map<EngineKey, Subscription>();
  readonly #byChannel = new Map<string, Subscription>();
  #round = this.#byKey.values();
  #cancelTimer = (): void => undefined;

  constructor(
    private readonly ports: {
      readonly network: RedisNetwork;
      readonly clock: Clock;
      readonly sink: EngineSink;
    },
  ) {}

  start(): void {
    this.#cancelTimer = this.ports.clock.setTimer(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    this.#cancelTimer();
    for (const subscription of this.#byKey.values()) subscription.close();
    this.#byKey.clear();
    this.#byChannel.clear();
  }

  async add(
    key: EngineKey,
    names: RoomKeys,
    history: HistoryLimits | undefined,
  ): Promise<Position> {
    const present = this.#byKey.get(key);
    if (present) {
      await present.first;
      return this.#ask(present, this.#linkOf(present));
    }
    const subscription = new Subscription(key, names, history, this.ports.sink);
    this.#byKey.set(key, subscription);
    this.#byChannel.set(names.channel, subscription);
    return (subscription.first = this.#first(subscription));
  }

  async #first(subscription: Subscription): Promise<Position> {
    try {
      const position = await this.#open(subscription);
      subscription.answer(position);
      const { opened } = subscription;
      // Not before who has subscribed knows of it.
      setImmediate(() => {
        if (subscription.opened === opened) this.#begin(subscription, position);
      });
      return position;
    } catch (error) {
      this.#end(subscription).catch(() => undefined);
      throw error;
    }
  }

  async remove(key: EngineKey): Promise<void> {
    const subscription = this.#byKey.get(key);
    if (subscription) await this.#end(subscription);
  }

  message(link: RedisLink, channel: string, body: Buffer): void {
    const subscription = this.#byChannel.get(channel);
    if (subscription?.link !== link) return;
    const message = decode(body);
    if (!message) return;
    if ('change' in message) subscription.change(message.change);
    else if ('order' in message) this.ports.sink.told?.(subscription.key, message.order);
    else if (!subscription.publication(message.publication, message.epoch, message.bytes))
      // Many are missing, or the offset was none of Redis's: it says which before anything else is believed.
      void this.#verify([subscription]);
  }

  /** The link has lost what was subscribed by it. */
  down(link: RedisLink): void {
    for (const subscription of this.#byKey.values())
      if (subscription.link === link) subscription.suspend();
  }

  /** Opens what is not where it should be: the link is there again, or somebody else is responsible. */
  async restore(): Promise<void> {
    const isLost = (one: Subscription): boolean => {
      const link = this.ports.network.linkOf(one.names.tag);
      return link?.isUp === true && one.link !== link && this.#byKey.get(one.key) === one;
    };
    const lost = [...this.#byKey.values()].filter(isLost);
    for (let from = 0; from < lost.length; from += AT_ONCE) {
      // While others were opened some have ended, or were opened by who was told the same.
      const some = lost.slice(from, from + AT_ONCE).filter(isLost);
      await Promise.allSettled(some.map((one) => this.#reopen(one)));
    }
  }

  async #reopen(subscription: Subscription): Promise<void> {
    const { link, names } = subscription;
    if (link?.isUp) link.unsubscribe(names.channel).catch(() => undefined);
    this.#begin(subscription, await this.#open(subscription));
  }

  /** Listens to the channel, then asks where the room is: what comes behind that is not missed. */
  async #open(subscription: Subscription): Promise<Position> {
    const attempt = subscription.suspend();
    const link = this.#linkOf(subscription);
    const { channel } = subscription.names;
    subscription.link = link;
    try {
      await link.subscribe(channel);
      const position = await this.#ask(subscription, link);
      if (subscription.opened === attempt) return position;
    } catch (error) {
      if (subscription.opened === attempt) {
        subscription.suspend();
        link.unsubscribe(channel).catch(() => undefined);
      }
      throw error;
    }
    // The link went down meanwhile, or nobody is interested any more.
    throw unavailable();
  }

  #begin(subscription: Subscription, position: Position): void {
    if (!subscription.begin(position)) void this.#verify([subscription]);
  }

  async #ask({ names, history }: Subscription, link: RedisLink): Promise<Position> {
    const args = [newEpoch(), String(LEASE_MS), String(history?.ttlMs ?? '')];
    return positionIn(await link.ask(SUBSCRIBED, names.room, args));
  }

  #linkOf({ names }: Subscription): RedisLink {
    const link = this.ports.network.linkOf(names.tag);
    if (!link?.isUp) throw unavailable();
    return link;
  }

  async #end(subscription: Subscription): Promise<void> {
    const { key, link, names, history } = subscription;
    const { channel, room } = names;
    subscription.close();
    if (this.#byKey.get(key) === subscription) this.#byKey.delete(key);
    if (this.#byChannel.get(channel) === subscription) this.#byChannel.delete(channel);
    if (!link?.isUp) return;
    await link.unsubscribe(channel);
    const { publishes } = this.ports.network;
    await link.ask(UNSUBSCRIBED, room, [channel, publishes, String(history?.ttlMs ?? '')]);
  }

  #tick(): void {
    this.#cancelTimer = this.ports.clock.setTimer(() => this.#tick(), TICK_MS);
    void this.restore();
    const count = Math.ceil((this.#byKey.size * TICK_MS) / ROUND_MS);
    const next: Subscription[] = [];
    for (let looked = 0; looked < count; looked++) {
      const { value, done } = this.#round.next();
      if (value) next.push(value);
      if (done) this.#round = this.#byKey.values();
    }
    void this.#verify(next);
  }

  /** Says that the rooms are still in use, and finds what was lost without a word. */
  async #verify(subscriptions: readonly Subscription[]): Promise<void> {
    const asked = subscriptions.map(async (subscription) => {
      const { link, opened, isOpen, position: before } = subscription;
      if (!link || !isOpen) return undefined;
      const position = await this.#ask(subscription, link).catch(() => undefined);
      return position && { subscription, link, opened, before, position };
    });
    const answers = (await Promise.all(asked)).filter((answer) => answer !== undefined);
    // What was published before an answer comes before the answer to this.
    const links = [...new Set(answers.map(({ link }) => link))];
    const fenced = await Promise.allSettled(links.map((link) => link.fence()));
    const behind = answers.filter(({ subscription, link, opened, before, position }) => {
      const isFenced = fenced[links.indexOf(link)]?.status === 'fulfilled';
      return isFenced && subscription.opened === opened && !subscription.verify(position, before);
    });
    // Who does not hear everything may not be listening any more: Redis ends subscriptions to slots that move.
    await Promise.allSettled(behind.map(({ subscription }) => this.#reopen(subscription)));
  }
}

/** What came before it was known where the room is, at most; then it is let go, and told as missing. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

interface Waiting {
  readonly publication: Publication;
  readonly epoch: string;
}

/** One room that this node listens to: brings what its channel carries into order, and sees when something is missing. */
export class Subscription {
  /** Who carries it here; nobody while it is being opened anew. */
  link: RedisLink | undefined;
  /** Counts how often it was opened: an answer to an earlier time is not for this one. */
  opened = 0;
  /** How it is opened for the first time: others who ask for it meanwhile wait for it. */
  first: Promise<Position> | undefined;
  /** Up to where the node was told everything; undefined before it was ever open. */
  #position: { epoch: string; offset: number } | undefined;
  /** While it is being opened. */
  #waiting: (Waiting | PresenceChange)[] | undefined = [];
  #waitingBytes = 0;
  /** Not open since it was told a position: nobody knows who came or went meanwhile. */
  #wasCut = false;
  #isClosed = false;

  constructor(
    readonly key: EngineKey,
    readonly names: RoomKeys,
    readonly history: HistoryLimits | undefined,
    private readonly sink: EngineSink,
  ) {}

  get isOpen(): boolean {
    return this.#waiting === undefined;
  }

  /** Nothing can be told until it is open again. */
  suspend(): number {
    this.link = undefined;
    this.#wasCut = this.#position !== undefined;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return (this.opened += 1);
  }

  /** Who asked for it has been told the position: what comes behind it may be missing, but not go unsaid. */
  answer(position: Position): void {
    this.first = undefined;
    this.#position = { ...position };
  }

  /** From here on it is told what came behind the position. Whether that is all: otherwise the room has to be looked at again. */
  begin(position: Position): boolean {
    if (this.#isClosed) return true;
    this.#position = { ...position };
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (this.#wasCut) this.sink.interrupted(this.key, position);
    this.#wasCut = false;
    // What is of another epoch was said before this one began, or after it has ended: nobody can tell.
    let isAll = this.#waitingBytes <= MAX_WAITING_BYTES;
    for (const one of waiting) {
      if (!('publication' in one)) this.#tell(one);
      else if (one.epoch === position.epoch) this.#deliver(one.publication, one.epoch);
      else isAll = false;
    }
    return isAll;
  }

  /** Whether it was the next one, as far as that can be told. */
  publication(publication: Publication, epoch: string, bytes: number): boolean {
    if (!this.#waiting) return this.#deliver(publication, epoch);
    this.#waitingBytes += bytes;
    if (this.#waitingBytes <= MAX_WAITING_BYTES) this.#waiting.push({ publication, epoch });
    return true;
  }

  change(change: PresenceChange): void {
    if (this.#waiting) this.#waiting.push(change);
    else this.#tell(change);
  }

  /** Up to where the node was told everything, while that is known. */
  get position(): Position | undefined {
    return this.#position && { ...this.#position };
  }

  /**
   * The room has got this far, and all that was published until then has come, or never will. Whether it has come. `before`: where
   * this node believed the room to be when Redis was asked; nothing can have come from beyond what Redis has given.
   */
  verify(position: Position, before?: Position): boolean {
    if (this.#isClosed || this.#waiting || !this.#position) return true;
    const { epoch, offset } = this.#position;
    const isPossible = before?.epoch !== position.epoch || before.offset <= position.offset;
    if (epoch === position.epoch && offset >= position.offset && isPossible) return true;
    this.#position = { ...position };
    // Nobody goes back within one epoch: what was believed was of none.
    if (!isPossible) this.sink.interrupted(this.key, { epoch: newEpoch(), offset: 0 });
    this.sink.interrupted(this.key, position);
    return false;
  }

  /** The node does not listen any more, not even to what is on its way. */
  close(): void {
    this.#isClosed = true;
    this.opened += 1;
  }

  #deliver(publication: Publication, epoch: string): boolean {
    const { offset } = publication;
    const position = this.#position;
    if (this.#isClosed || !position) return true;
    if (epoch === position.epoch && offset <= position.offset) return true;
    // Most are the next: nothing is made for them.
    const isNext = epoch === position.epoch && offset === position.offset + 1;
    if (!isNext) this.sink.interrupted(this.key, { epoch, offset: offset - 1 });
    position.epoch = epoch;
    position.offset = offset;
    this.sink.deliver(this.key, publication);
    return isNext;
  }

  #tell(change: PresenceChange): void {
    if (!this.#isClosed) this.sink.presence(this.key, change);
  }
}

import { type Chance, systemChance } from '../core/chance.js';
import type { Clock } from '../core/clock.js';
import type { RoomgateOptions } from '../module/options.js';
import { CLOSE_CODES, type CloseRow } from './system-messages.js';

/** What a heartbeat needs to know of a connection. The numbers it keeps there are small integers, which cost no object. */
export interface HeartbeatOwner extends Placed, MayBeUnfinished {
  /** The beat at which its pong is due. */
  deadline: number;
  /** What `received` was when it was pinged; -1 while no pong is due. */
  heard: number;
  /** Grows with every byte that is read; undefined when the socket does not count. */
  readonly received: number | undefined;
  ping(): void;
  end(row: CloseRow, options?: { drop?: boolean }): void;
  hangUp(): void;
}

const BEAT_MS = 1_000;
const NOT_DUE = -1;

/**
 * Finds peers that went away without a word, and messages that are never finished. One timer serves all connections every
 * second, because an entry in the wheel or a listener for each would be most of what an idle connection costs. Time is
 * counted in beats: after a stall of the process the pongs that came meanwhile are read before the next beat, not judged by
 * a clock that went on.
 */
export class Heartbeat {
  #beat = 0;
  #cancelTimer: (() => void) | undefined;
  readonly #all = new DueBeats<HeartbeatOwner>();
  readonly #unfinished = new UnfinishedMessages<HeartbeatOwner>();
  readonly #pingBeats: number;
  readonly #pongBeats: number;
  readonly #messageBeats: number;

  constructor(
    private readonly clock: Clock,
    rules: Pick<RoomgateOptions, 'pingIntervalMs' | 'pongTimeoutMs' | 'messageTimeoutMs'>,
    private readonly chance: Chance = systemChance,
  ) {
    this.#pingBeats = beats(rules.pingIntervalMs);
    this.#pongBeats = beats(rules.pongTimeoutMs);
    this.#messageBeats = beats(rules.messageTimeoutMs);
  }

  /** Connections that are looked after. */
  get size(): number {
    return this.#all.size;
  }

  /** Looks after a new connection. Its first ping has a time of its own, or all that came together would be pinged together. */
  begin(connection: HeartbeatOwner): void {
    const first = this.#beat + 1 + Math.floor(this.chance() * this.#pingBeats);
    this.#all.add(connection, this.#pingBeats === 0 ? NEVER : first);
    // On the second, by the clock: timers that are a little late do not add up.
    this.#cancelTimer ??= this.clock.setTimer(this.#onTimer, BEAT_MS - this.#sinceSecond());
  }

  /** It has said something: its messages have to end. */
  follow(connection: HeartbeatOwner): void {
    this.#unfinished.follow(connection);
  }

  /** It is gone. */
  forget(connection: HeartbeatOwner): void {
    this.#all.remove(connection);
    this.#unfinished.forget(connection);
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  readonly #onTimer = (): void => {
    this.#cancelTimer = undefined;
    if (this.#all.size === 0) return;
    this.#beat += 1;
    for (const connection of this.#all.due(this.#beat)) this.#visit(connection);
    this.#unfinished.lookAtSome(this.#beat);
    for (const connection of this.#unfinished.overdue(this.#beat, this.#messageBeats))
      connection.end(CLOSE_CODES.messageTimeout);
    this.#cancelTimer = this.clock.setTimer(this.#onTimer, this.#untilNext());
  };

  /** A timer that was early, or a clock that was set, must not make two beats of one second. */
  #untilNext(): number {
    const since = this.#sinceSecond();
    return (since < BEAT_MS / 2 ? BEAT_MS : 2 * BEAT_MS) - since;
  }

  #sinceSecond(): number {
    return this.clock.elapsed() % BEAT_MS;
  }

  #visit(connection: HeartbeatOwner): void {
    if (!connection.isOpen) this.#all.set(connection, NEVER);
    else if (connection.heard === NOT_DUE) this.#ping(connection);
    else this.#listen(connection);
  }

  #ping(connection: HeartbeatOwner): void {
    const { received } = connection;
    connection.ping();
    connection.heard = received ?? NOT_DUE;
    connection.deadline = this.#beat + this.#pongBeats;
    this.#all.set(connection, this.#beat + (received === undefined ? this.#pingBeats : 1));
  }

  #listen(connection: HeartbeatOwner): void {
    if (connection.received !== connection.heard) {
      const pingedAt = connection.deadline - this.#pongBeats;
      connection.heard = NOT_DUE;
      return this.#all.set(connection, Math.max(pingedAt + this.#pingBeats, this.#beat + 1));
    }
    // A paused socket reads no pongs: the time for them stands still.
    if (connection.isPaused) connection.deadline += 1;
    if (this.#beat < connection.deadline) return;
    // Who said nothing for so long reads nothing and will not answer.
    connection.end(CLOSE_CODES.noPong, { drop: true });
    connection.hangUp();
  }
}

function beats(ms: number): number {
  return Math.ceil(ms / BEAT_MS);
}

/** Whoever has a place among those that are looked at. */
export interface Placed {
  /** -1 without one. */
  place: number;
}

export const NOWHERE = -1;
/** Further away than beats can get; still a small integer. */
export const NEVER = 2 ** 30;

/**
 * Who is to be looked at in which beat. The beats stand side by side, so that a look at those of 10,000 connections reads 40 KB
 * once, and none of the 10,000 objects that are not due.
 */
export class DueBeats<T extends Placed> {
  #beats = new Int32Array(64);
  readonly #owners: T[] = [];

  get size(): number {
    return this.#owners.length;
  }

  add(owner: T, beat: number): void {
    owner.place = this.#owners.push(owner) - 1;
    if (owner.place === this.#beats.length) {
      const longer = new Int32Array(2 * owner.place);
      longer.set(this.#beats);
      this.#beats = longer;
    }
    this.#beats[owner.place] = beat;
  }

  /** Changes when it is to be looked at. */
  set({ place }: T, beat: number): void {
    if (place !== NOWHERE) this.#beats[place] = beat;
  }

  /** The last one gets its place. */
  remove(owner: T): void {
    const { place } = owner;
    const last = this.#owners.at(-1);
    if (place === NOWHERE || !last) return;
    this.#owners[place] = last;
    this.#beats[place] = this.#beats[last.place] as number;
    last.place = place;
    this.#owners.pop();
    owner.place = NOWHERE;
  }

  /** Those whose beat has come. A list and not a generator, which takes four times as long. */
  due(beat: number): readonly T[] {
    const due: T[] = [];
    const beats = this.#beats;
    const { size } = this;
    for (let place = 0; place < size; place++)
      if ((beats[place] as number) <= beat) due.push(this.#owners[place] as T);
    return due;
  }
}

/** What is looked at of a connection whose message may be unfinished. */
interface MayBeUnfinished {
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  /** The message that is not complete: the same object as long as it is the same message. */
  readonly unfinished: object | undefined;
}

interface Begun {
  readonly message: object;
  /** The beat in which it was seen first. */
  readonly since: number;
}

/** A look reads more memory than all the rest of a beat. */
const PARTS = 4;

/** Messages that have begun to arrive, since when each was seen. A paused socket reads no more of its own, which begins anew afterwards. */
class UnfinishedMessages<T extends MayBeUnfinished> {
  readonly #begun = new Map<T, Begun>();
  /** Those that have said something, in as many parts as they are looked at in. */
  readonly #parts: readonly Set<T>[] = Array.from({ length: PARTS }, () => new Set<T>());
  #followed = 0;

  get size(): number {
    return this.#begun.size;
  }

  /** From now on it is looked at: most connections never say anything. */
  follow(owner: T): void {
    this.#parts[this.#followed % PARTS]?.add(owner);
    this.#followed += 1;
  }

  /** Looks at another part of them with each beat. */
  lookAtSome(beat: number): void {
    for (const owner of this.#parts[beat % PARTS] ?? []) this.look(owner, beat);
  }

  /** Notes whether it has one. */
  look(owner: T, beat: number): void {
    const message = owner.unfinished;
    if (!message || !owner.isOpen || owner.isPaused) {
      if (this.#begun.size > 0) this.#begun.delete(owner);
    } else if (this.#begun.get(owner)?.message !== message)
      this.#begun.set(owner, { message, since: beat });
  }

  forget(owner: T): void {
    for (const part of this.#parts) part.delete(owner);
    this.#begun.delete(owner);
  }

  /** Those whose message has been on its way for so many beats. */
  overdue(beat: number, beats: number): readonly T[] {
    for (const owner of this.#begun.keys()) this.look(owner, beat);
    return [...this.#begun]
      .filter(([, { since }]) => beat - since >= beats)
      .map(([owner]) => owner);
  }
}

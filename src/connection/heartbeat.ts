import type { Clock } from '../core/clock.js';
import { CLOSE_CODES, type CloseRow } from './close-codes.js';
import { DueBeats, NEVER, type Placed } from './due-beats.js';
import { type MessageOwner, UnfinishedMessages } from './unfinished.js';

export interface HeartbeatRules {
  /** Zero: no pings. */
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly messageTimeoutMs: number;
}

/** What a heartbeat needs to know of a connection. The numbers it keeps there are small integers, which cost no object. */
export interface HeartbeatOwner extends Placed, MessageOwner {
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
    rules: HeartbeatRules,
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
    const first = this.#beat + 1 + Math.floor(Math.random() * this.#pingBeats);
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

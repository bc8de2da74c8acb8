import type { Clock } from '../roomgate.clock.js';
import { CLOSE_CODES, type CloseRow } from './close-codes.js';

export interface HeartbeatRules {
  /** Zero: no pings. */
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly messageTimeoutMs: number;
  readonly closeTimeoutMs: number;
}

/** What a heartbeat needs to know of a connection. The two numbers it keeps there are small integers, which cost no object. */
export interface HeartbeatOwner {
  /** The beat at which it is pinged, or its pong is due, or its socket is destroyed. */
  beatAt: number;
  /** What `received` was when it was pinged; -1 while no pong is due. */
  heard: number;
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  readonly ended: CloseRow | number | undefined;
  /** Grows with every byte that is read; undefined when the socket does not count. */
  readonly received: number | undefined;
  /** The message that is not complete: the same object as long as it is the same message. */
  readonly unfinished: object | undefined;
  ping(): void;
  /** Gives back what reading has left. */
  trim(): void;
  end(row: CloseRow, options?: { drop?: boolean }): void;
  hangUp(): void;
  terminate(): void;
}

interface Unfinished {
  readonly message: object;
  readonly since: number;
}

const BEAT_MS = 1_000;
/** Messages are looked at in every second beat: that costs more than all the rest. */
const MESSAGE_BEATS = 2;
const NOT_DUE = -1;
/** Further away than beats can get; still a small integer. */
const NEVER = 2 ** 30;

/**
 * Finds peers that went away without a word, and messages that are never finished. One timer looks at all connections every
 * second, because an entry in the wheel or a listener for each would be most of what an idle connection costs. Time is
 * counted in beats: after a stall of the process the pongs that came meanwhile are read before the next beat, not judged by
 * a clock that went on, and a clock that is set back holds up nobody.
 */
export class Heartbeat {
  #beat = 0;
  #cancelTimer: (() => void) | undefined;
  #unfinished = new Map<HeartbeatOwner, Unfinished>();
  readonly #pingBeats: number;
  readonly #pongBeats: number;
  readonly #messageBeats: number;
  readonly #closeBeats: number;

  constructor(
    private readonly all: () => Iterable<HeartbeatOwner>,
    private readonly clock: Clock,
    rules: HeartbeatRules,
  ) {
    this.#pingBeats = beats(rules.pingIntervalMs);
    this.#pongBeats = beats(rules.pongTimeoutMs);
    this.#messageBeats = beats(rules.messageTimeoutMs);
    this.#closeBeats = beats(rules.closeTimeoutMs);
  }

  /** Looks after a new connection. Its first ping has a time of its own, or all that came together would be pinged together. */
  begin(connection: HeartbeatOwner): void {
    connection.beatAt =
      this.#pingBeats === 0 ? NEVER : this.#beat + 1 + Math.floor(Math.random() * this.#pingBeats);
    // On the second, by the clock: timers that are a little late do not add up.
    this.#cancelTimer ??= this.clock.setTimer(this.#onTimer, BEAT_MS - this.#sinceSecond());
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  readonly #onTimer = (): void => {
    this.#cancelTimer = undefined;
    this.#beat += 1;
    const looksAtMessages = this.#beat % MESSAGE_BEATS === 0;
    const before = this.#unfinished;
    if (looksAtMessages) this.#unfinished = new Map();
    let isNeeded = false;
    for (const connection of this.all()) {
      isNeeded = true;
      if (!connection.isOpen) this.#followUp(connection);
      else if (looksAtMessages && this.#isOverdue(connection, before))
        this.#end(connection, CLOSE_CODES.messageTimeout);
      else if (connection.heard !== NOT_DUE) this.#listen(connection);
      else if (this.#beat >= connection.beatAt) this.#ping(connection);
    }
    if (isNeeded) this.#cancelTimer = this.clock.setTimer(this.#onTimer, this.#untilNext());
  };

  /** A timer that was early, or a clock that was set, must not make two beats of one second. */
  #untilNext(): number {
    const since = this.#sinceSecond();
    return (since < BEAT_MS / 2 ? BEAT_MS : 2 * BEAT_MS) - since;
  }

  #sinceSecond(): number {
    return this.clock.now() % BEAT_MS;
  }

  #ping(connection: HeartbeatOwner): void {
    const { received } = connection;
    connection.ping();
    connection.heard = received ?? NOT_DUE;
    connection.beatAt = this.#beat + (received === undefined ? this.#pingBeats : this.#pongBeats);
  }

  #listen(connection: HeartbeatOwner): void {
    if (connection.received !== connection.heard) {
      const pingedAt = connection.beatAt - this.#pongBeats;
      connection.heard = NOT_DUE;
      connection.beatAt = Math.max(pingedAt + this.#pingBeats, this.#beat + 1);
      connection.trim();
      // A paused socket reads no pongs: the time for them stands still.
    } else if (connection.isPaused) connection.beatAt += 1;
    else if (this.#beat >= connection.beatAt) {
      // Who said nothing for so long reads nothing and will not answer.
      this.#end(connection, CLOSE_CODES.noPong, { drop: true });
      connection.hangUp();
    }
  }

  /** Whether a message has been on its way for too long; a paused socket reads no more of it, and begins anew afterwards. */
  #isOverdue(connection: HeartbeatOwner, before: ReadonlyMap<HeartbeatOwner, Unfinished>): boolean {
    const message = connection.unfinished;
    if (!message || connection.isPaused) return false;
    const seen = before.get(connection);
    const since = seen?.message === message ? seen.since : this.#beat;
    this.#unfinished.set(connection, { message, since });
    return this.#beat - since >= this.#messageBeats;
  }

  #end(connection: HeartbeatOwner, row: CloseRow, options?: { drop: boolean }): void {
    connection.end(row, options);
    connection.beatAt = this.#beat + this.#closeBeats;
  }

  #followUp(connection: HeartbeatOwner): void {
    const { ended } = connection;
    const isOurs = ended === CLOSE_CODES.noPong || ended === CLOSE_CODES.messageTimeout;
    if (isOurs && this.#beat >= connection.beatAt) connection.terminate();
  }
}

function beats(ms: number): number {
  return Math.ceil(ms / BEAT_MS);
}

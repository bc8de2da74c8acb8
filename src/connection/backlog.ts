import type { Duplex } from 'node:stream';
import { type RoomKey, splitRoomKey } from '../admission/room-id.js';
import { encodeTextFrame } from './frame.js';
import type { ConnectionPorts, PendingRequest } from './ports.js';
import { DirectFrame, Missed, type Outgoing, type Piece, type Waiting } from './room-batch.js';
import { relieve, type SlowConsumerPolicy } from './slow-consumer.js';
import { encodeGap } from './system-messages.js';
import type { Deadline } from './timing-wheel.js';

/** What a backlog needs to know of its connection. */
export interface BacklogOwner {
  readonly socket: Duplex;
  /** Grows with every change of its rights. */
  readonly generation: number;
  /** Whether its authority holds, so that it may read what it is sent. */
  mayRead(now?: number): boolean;
  /** The code for one whose authority does not hold. */
  whyMuted(): string;
  isWritable(): boolean;
  /** Its reader has taken nothing of what waits within the slow-reader timeout. */
  onReaderStalled(): void;
}

/** Together with one write of an outbox (32 KiB) at most 64 KiB are with the socket while its reader is behind. */
const MAX_CHUNK_BYTES = 32 * 1024;
/** Places of what was dropped, of which many are put together. */
const MANY_DROPPED = 256;

/**
 * What waits for a reader that is behind. It is handed over in chunks of whole frames, the next one when the socket has taken
 * the last, so that a kick or an expiry still finds the rest in here and drops it.
 */
export class Backlog {
  #held: HeldPiece[] = [];
  #bytes = 0;
  #dropped = 0;
  /** Chunks whose callback has not come; that of one the system took at once comes in a later tick. */
  #pending = 0;
  #onEmpty: (() => void)[] = [];
  #taken = 0;
  /** The rights by which all that waits was asked about. */
  #generation = 0;
  /** By `clock.elapsed()`. */
  #takenAt = 0;
  #stalledBy: Deadline | undefined;
  /** The newest piece of each conflate key, and of each room whose newest are dropped. */
  readonly #newest = new Map<string, HeldPiece>();

  constructor(
    private readonly owner: BacklogOwner,
    private readonly missed: Missed,
    private readonly limits: Pick<
      ConnectionPorts,
      'maxOutboxBytes' | 'slowConsumerRule' | 'clock' | 'wheel' | 'slowReaderMs'
    >,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Chunks that the socket has taken: whether a reader is slow or has stopped. */
  get taken(): number {
    return this.#taken;
  }

  add(entry: Outgoing): void {
    if (this.#held.length === 0) this.#watchReader();
    // A turn's batch may be a megabyte: in one piece it would all be with the socket before a kick could drop it.
    for (const cut of entry.cut(MAX_CHUNK_BYTES)) {
      const piece = new HeldPiece(cut);
      // Only where the publisher knew another limit: it never fits.
      if (piece.key && piece.bytes > this.limits.maxOutboxBytes) piece.drop();
      this.#held.push(piece);
      this.#bytes += piece.bytes;
      if (piece.key) this.#replace(piece, piece.key);
    }
  }

  /** Drops publications until as many bytes fit in as are to come; false when that is not enough. */
  relieve(comingBytes = 0): boolean {
    const { maxOutboxBytes, slowConsumerRule } = this.limits;
    const waiting = (): number => this.#bytes + comingBytes + this.owner.socket.writableLength;
    const excess = waiting() - maxOutboxBytes;
    if (excess <= 0) return true;
    const policyOf = (key: RoomKey): SlowConsumerPolicy => slowConsumerRule(key).policy;
    const relief = {
      excess,
      some: excess + maxOutboxBytes / 8,
      plenty: excess + maxOutboxBytes / 2,
    };
    this.#bytes -= relieve(this.#held, relief, policyOf);
    this.#held = mergeDropped(this.#held);
    this.#forgetDropped();
    return waiting() <= maxOutboxBytes;
  }

  /** Conflate keys have no end. Of a room whose newest are dropped the place says that it takes none. */
  #forgetDropped(): void {
    for (const [slot, piece] of this.#newest)
      if (!piece.buffer && slot !== piece.key) this.#newest.delete(slot);
  }

  /** Drops everything but control frames, because the connection is muted. Requests are told instead of being answered. */
  mute(): void {
    for (const piece of this.#held) this.missed.add(piece);
    const code = this.owner.whyMuted();
    this.#hold(
      this.#held.flatMap((piece) => (piece.isControl ? [piece] : insteadOf(piece.about, code))),
    );
  }

  /** Rights may have changed since replies were queued: asks each request whether it may still be answered. */
  #askAgain(): void {
    if (this.#generation === this.owner.generation) return;
    this.#generation = this.owner.generation;
    this.#hold(
      this.#held.flatMap((piece) => {
        const refusal = piece.about?.refusal();
        return refusal === undefined ? [piece] : insteadOf(piece.about, refusal);
      }),
    );
  }

  /** Its socket is gone. */
  stop(): void {
    if (this.#stalledBy) this.limits.wheel.cancel(this.#stalledBy);
    this.#onEmpty = [];
    this.#hold([]);
  }

  /** Calls back once, when the last of it was handed over or dropped. */
  onEmpty(act: () => void): void {
    this.#onEmpty.push(act);
  }

  filter(stays: (piece: Waiting) => boolean): void {
    this.#hold(this.#held.filter(stays));
  }

  #hold(pieces: HeldPiece[]): void {
    this.#held = pieces;
    this.#newest.clear();
    this.#bytes = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#tellEmpty();
  }

  /** One entry of the wheel at a time, however often the backlog fills and empties. */
  #watchReader(): void {
    const { clock, wheel, slowReaderMs } = this.limits;
    this.#takenAt = clock.elapsed();
    this.#stalledBy ??= wheel.add(this.#takenAt + slowReaderMs, this.#onLook);
  }

  readonly #onLook = (): void => {
    const { clock, wheel, slowReaderMs } = this.limits;
    this.#stalledBy = undefined;
    if (this.#held.length === 0 || !this.owner.isWritable()) return;
    const isStalled = clock.elapsed() - this.#takenAt >= slowReaderMs;
    if (isStalled && this.#held.some(this.#isCostly)) return this.owner.onReaderStalled();
    const since = isStalled ? clock.elapsed() : this.#takenAt;
    this.#stalledBy = wheel.add(since + slowReaderMs, this.#onLook);
  };

  /** Rooms whose policy is to drop may go on dropping. */
  readonly #isCostly = ({ key }: HeldPiece): boolean =>
    !key || this.limits.slowConsumerRule(key).policy === 'close';

  /**
   * Hands over chunk after chunk as long as the system takes them at once, then the next one when the last was taken. Rights may
   * have ended since they were put in here.
   */
  pump(): void {
    const { socket } = this.owner;
    while (this.#held.length > 0 && this.owner.isWritable()) {
      // Not taken yet: its callback comes back here.
      if (this.#pending > 0 && socket.writableLength > 0) return;
      this.#askAgain();
      if (!this.owner.mayRead()) this.mute();
      if (this.#held.length === 0) return;
      this.#pending += 1;
      socket.write(this.#take(MAX_CHUNK_BYTES), this.#onTaken);
      // Behind the write: what follows it may be a close frame.
      this.#tellEmpty();
    }
  }

  readonly #onTaken = (): void => {
    this.#pending -= 1;
    this.#taken += 1;
    if (this.#held.length > 0) this.#takenAt = this.limits.clock.elapsed();
    this.pump();
  };

  /** What the piece makes worthless is dropped, or it is itself, where nothing is taken before the reader has come half way. */
  #replace(piece: HeldPiece, key: RoomKey): void {
    const { policy } = this.limits.slowConsumerRule(key);
    if (policy === 'drop-oldest') return;
    const { conflateKey } = piece;
    if (policy === 'conflate' && conflateKey === undefined) return;
    piece.slot = policy === 'conflate' ? `${key} ${conflateKey}` : key;
    const before = this.#newest.get(piece.slot);
    this.#newest.set(piece.slot, piece);
    if (policy === 'conflate') this.#drop(before);
    else if (before && !before.buffer && this.#bytes > this.limits.maxOutboxBytes / 2)
      this.#drop(piece);
  }

  #drop(piece: HeldPiece | undefined): void {
    this.#bytes -= piece?.drop() ?? 0;
    this.#dropped += piece ? 1 : 0;
    if (this.#dropped < MANY_DROPPED) return;
    this.#dropped = 0;
    this.#held = mergeDropped(this.#held);
  }

  /** The next chunk. Where pieces of a room were dropped a gap says so, before the next one of the room, or at the end. */
  #take(maxBytes: number): Buffer {
    const taken: Buffer[] = [];
    const gaps = new Map<RoomKey, HeldPiece>();
    const tell = (key: RoomKey): void => {
      const gap = gaps.get(key);
      gaps.delete(key);
      if (gap) taken.push(this.#encodeGap(key, gap));
    };
    let size = 0;
    let next = 0;
    for (const { key, buffer, slot } of this.#held) {
      if (buffer && size > 0 && size + buffer.length > maxBytes) break;
      const piece = this.#held[next++] as HeldPiece;
      if (slot !== undefined && this.#newest.get(slot) === piece) this.#newest.delete(slot);
      if (!buffer) gaps.set(key as RoomKey, merge(gaps.get(key as RoomKey), piece));
      else {
        if (key && gaps.size > 0) tell(key);
        taken.push(buffer);
        size += buffer.length;
      }
    }
    for (const key of gaps.keys()) tell(key);
    this.#held.splice(0, next);
    this.#bytes -= size;
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken);
  }

  #encodeGap(key: RoomKey, gap: HeldPiece): Buffer {
    const [, room] = splitRoomKey(key);
    const { hasHistory } = this.limits.slowConsumerRule(key);
    const position = { epoch: gap.before?.epoch ?? '', offset: gap.offsetAfter };
    return encodeTextFrame(encodeGap(room, hasHistory ? position : undefined, gap.count));
  }

  #tellEmpty(): void {
    if (this.#held.length === 0) for (const act of this.#onEmpty.splice(0)) act();
  }
}

/** What a request is told in the place of bytes that may not be handed over. */
function insteadOf(about: PendingRequest | undefined, code: string): HeldPiece[] {
  const text = about?.lost(code);
  return text === undefined
    ? []
    : new DirectFrame(text, true).cut().map((cut) => new HeldPiece(cut));
}

/** A piece that waits for its reader, until it is handed over or dropped; of one that was dropped only the place is left. */
export class HeldPiece {
  readonly key: Piece['key'];
  readonly isControl: boolean;
  readonly about: Piece['about'];
  readonly before: Piece['before'];
  readonly conflateKey: string | undefined;
  buffer: Buffer | undefined;
  /** Publications; of one that stands for several that were dropped, all of theirs. */
  count: number;
  /** What it is the newest of, where that matters. */
  slot: string | undefined;

  constructor({ key, isControl, about, before, conflateKey, buffer, count }: Piece) {
    this.key = key;
    this.isControl = isControl;
    this.about = about;
    this.before = before;
    this.conflateKey = conflateKey;
    this.buffer = buffer;
    this.count = count;
  }

  get bytes(): number {
    return this.buffer?.length ?? 0;
  }

  /** The room's offset behind it. */
  get offsetAfter(): number {
    return (this.before?.offset ?? 0) + this.count;
  }

  /** Returns how many bytes that frees. */
  drop(): number {
    const { bytes } = this;
    this.buffer = undefined;
    return bytes;
  }
}

/** One place for two dropped pieces of a room, the second right behind the first. */
function merge(first: HeldPiece | undefined, second: HeldPiece): HeldPiece {
  if (!first) return second;
  first.count = second.offsetAfter - (first.before?.offset ?? 0);
  return first;
}

/** The same for all that follow each other, so that a reader that never reads costs no more with time. */
function mergeDropped(held: readonly HeldPiece[]): HeldPiece[] {
  const last = new Map<RoomKey, HeldPiece>();
  return held.filter((piece) => {
    if (!piece.key) return true;
    const before = last.get(piece.key);
    if (before && !before.buffer && !piece.buffer) {
      merge(before, piece);
      return false;
    }
    last.set(piece.key, piece);
    return true;
  });
}

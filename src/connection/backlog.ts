import type { Duplex } from 'node:stream';
import type { Outgoing, Piece, Waiting } from './outgoing.js';
import { Missed } from './missed.js';

/** What a backlog needs to know of its connection. */
export interface BacklogOwner {
  readonly socket: Duplex;
  isLive(): boolean;
  isWritable(): boolean;
}

/** Together with one write of an outbox (32 KiB) at most 64 KiB are with the socket while its reader is behind. */
const MAX_CHUNK_BYTES = 32 * 1024;

/**
 * What waits for a reader that is behind. It is handed over in chunks of whole frames, the next one when the socket has taken
 * the last, so that a kick or an expiry still finds the rest in here and drops it.
 */
export class Backlog {
  #held: Piece[] = [];
  #bytes = 0;
  /** Chunks whose callback has not come; that of one the system took at once comes in a later tick. */
  #pending = 0;
  #onEmpty: (() => void)[] = [];

  constructor(
    private readonly owner: BacklogOwner,
    private readonly missed: Missed,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  add(entry: Outgoing): void {
    // A turn's batch may be a megabyte: in one piece it would all be with the socket before a kick could drop it.
    for (const piece of entry.cut(MAX_CHUNK_BYTES)) {
      this.#held.push(piece);
      this.#bytes += piece.buffer.length;
    }
  }

  /** Drops everything but control frames, because the connection is muted. */
  mute(): void {
    for (const piece of this.#held) this.missed.add(piece);
    this.filter((piece) => piece.isControl);
  }

  /** Calls back once, when the last of it was handed over or dropped. */
  onEmpty(act: () => void): void {
    this.#onEmpty.push(act);
  }

  filter(stays: (piece: Waiting) => boolean): void {
    this.#held = this.#held.filter(stays);
    this.#bytes = this.#held.reduce((sum, { buffer }) => sum + buffer.length, 0);
    this.#tellEmpty();
  }

  /**
   * Hands over chunk after chunk as long as the system takes them at once, then the next one when the last was taken. Rights may
   * have ended since they were put in here.
   */
  pump(): void {
    const { socket } = this.owner;
    while (this.#held.length > 0 && this.owner.isWritable()) {
      // Not taken yet: its callback comes back here.
      if (this.#pending > 0 && socket.writableLength > 0) return;
      if (!this.owner.isLive()) this.mute();
      if (this.#held.length === 0) return;
      this.#pending += 1;
      socket.write(this.#take(MAX_CHUNK_BYTES), this.#onTaken);
    }
  }

  readonly #onTaken = (): void => {
    this.#pending -= 1;
    this.pump();
  };

  /** Hands over everything at once, before a close that loses nothing. */
  finish(): void {
    if (this.#held.length > 0 && this.owner.isWritable())
      this.owner.socket.write(this.#take(Infinity));
  }

  #take(maxBytes: number): Buffer {
    const taken: Buffer[] = [];
    let size = 0;
    for (const { buffer } of this.#held) {
      if (taken.length > 0 && size + buffer.length > maxBytes) break;
      taken.push(buffer);
      size += buffer.length;
    }
    this.#held.splice(0, taken.length);
    this.#bytes -= size;
    this.#tellEmpty();
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken, size);
  }

  #tellEmpty(): void {
    if (this.#held.length === 0) for (const act of this.#onEmpty.splice(0)) act();
  }
}

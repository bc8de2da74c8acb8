import type { Duplex } from 'node:stream';
import type { RoomKey } from '../admission/room-id.js';
import { cutFrames } from './frame.js';
import type { Outgoing } from './outgoing.js';

/** What a backlog needs to know of its connection. */
export interface BacklogOwner {
  readonly socket: Duplex;
  isLive(): boolean;
  isWritable(): boolean;
}

interface Held {
  readonly key?: RoomKey;
  readonly isControl: boolean;
  readonly bytes: Buffer;
}

/** Together with one write of an outbox (32 KiB) at most 64 KiB are with the socket while its reader is behind. */
const MAX_CHUNK_BYTES = 32 * 1024;

/**
 * What waits for a reader that is behind. It is handed over in chunks of whole frames, the next one when the socket has taken
 * the last, so that a kick or an expiry still finds the rest in here and drops it.
 */
export class Backlog {
  #held: Held[] = [];
  #bytes = 0;
  /** Chunks whose callback has not come; that of one the system took at once comes in a later tick. */
  #pending = 0;
  #missed: Set<RoomKey> | undefined;

  constructor(private readonly owner: BacklogOwner) {}

  get bytes(): number {
    return this.#bytes;
  }

  add(entry: Outgoing): void {
    // A turn's batch may be a megabyte: in one piece it would all be with the socket before a kick could drop it.
    for (const bytes of cutFrames(entry.toBuffer(), MAX_CHUNK_BYTES)) {
      this.#held.push({ key: entry.key, isControl: entry.isControl, bytes });
      this.#bytes += bytes.length;
    }
  }

  /** Drops everything but control frames, because the connection is muted, and remembers of which rooms. */
  mute(): void {
    for (const { key } of this.#held) if (key) (this.#missed ??= new Set()).add(key);
    this.filter((entry) => entry.isControl);
  }

  /** The rooms of which publications were dropped since it was last asked. */
  takeMissed(): Iterable<RoomKey> {
    const missed = this.#missed ?? [];
    this.#missed = undefined;
    return missed;
  }

  filter(stays: (entry: Held) => boolean): void {
    this.#held = this.#held.filter(stays);
    this.#bytes = this.#held.reduce((sum, entry) => sum + entry.bytes.length, 0);
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
    for (const { bytes } of this.#held) {
      if (taken.length > 0 && size + bytes.length > maxBytes) break;
      taken.push(bytes);
      size += bytes.length;
    }
    this.#held.splice(0, taken.length);
    this.#bytes -= size;
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken, size);
  }
}

import type { RoomKey } from '../admission/room-id.js';
import type { Piece } from './outgoing.js';

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
export function merge(first: HeldPiece | undefined, second: HeldPiece): HeldPiece {
  if (!first) return second;
  first.count = second.offsetAfter - (first.before?.offset ?? 0);
  return first;
}

/** The same for all that follow each other, so that a reader that never reads costs no more with time. */
export function mergeDropped(held: readonly HeldPiece[]): HeldPiece[] {
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

import type { RoomKey } from '../admission/room-id.js';
import type { Outgoing, Piece, Whereabouts } from './outgoing.js';

/** An outbox, as a batch sees it. */
export interface BatchReader {
  addBatch(batch: RoomBatch, from: number): void;
  endBatch(batch: RoomBatch): void;
}

/**
 * What one turn of the loop published in a room, joined once and shared by all members. A member holds the whole batch, or
 * a slice of it when something of its own happened in between (it joined, left, was left out, or got a direct frame).
 */
export class RoomBatch implements Outgoing {
  readonly isControl = false;
  /** Members that get the next frame, but hold no open slice: it begins a new slice for them. */
  readonly detached = new Set<BatchReader>();
  readonly #frames: Buffer[] = [];
  /** Where each frame begins, and where the last one ends. */
  readonly #offsets: number[] = [0];
  /** The room's offset before each frame. */
  readonly #before: number[] = [];
  #joined: Buffer | undefined;

  constructor(
    readonly key: RoomKey,
    private readonly epoch = '',
  ) {}

  get count(): number {
    return this.#frames.length;
  }

  get bytes(): number {
    return this.#offsets.at(-1) as number;
  }

  get before(): Whereabouts | undefined {
    return this.beforeFrame(0);
  }

  /** The frame, or the frames that are one publication, and the room's offset before it. */
  append(frame: Buffer, before = 0): void {
    const index = this.#frames.push(frame) - 1;
    this.#before.push(before);
    this.#offsets.push(this.bytes + frame.length);
    this.#joined = undefined;
    for (const reader of this.detached) {
      this.detached.delete(reader);
      reader.addBatch(this, index);
    }
  }

  /** The reader gets no more frames. */
  remove(reader: BatchReader): void {
    reader.endBatch(this);
    this.detached.delete(reader);
  }

  toBuffer(): Buffer {
    this.#joined ??=
      this.#frames.length === 1 ? (this.#frames[0] as Buffer) : Buffer.concat(this.#frames);
    return this.#joined;
  }

  writeTo(target: Buffer, at: number): number {
    return at + this.toBuffer().copy(target, at);
  }

  cut(maxBytes: number): Piece[] {
    return this.cutFrom(0, this.count, maxBytes);
  }

  cutFrom(from: number, to: number, maxBytes: number): Piece[] {
    const pieces: Piece[] = [];
    for (let first = from; first < to;) {
      let next = first + 1;
      while (next < to && this.sizeOf(first, next + 1) <= maxBytes) next++;
      const { key, isControl } = this;
      const before = this.beforeFrame(first);
      pieces.push({ key, isControl, before, buffer: this.slice(first, next) });
      first = next;
    }
    return pieces;
  }

  beforeFrame(index: number): Whereabouts | undefined {
    const offset = this.#before[index];
    return offset === undefined ? undefined : { offset, epoch: this.epoch };
  }

  /** Bytes of the frames from `from` to `to`. */
  sizeOf(from: number, to: number): number {
    return (this.#offsets[to] as number) - (this.#offsets[from] as number);
  }

  slice(from: number, to: number): Buffer {
    return this.toBuffer().subarray(this.#offsets[from], this.#offsets[to]);
  }
}

/** Frames `from` to `to` of a batch; open until something of the member's own ends it. */
export class BatchSlice implements Outgoing {
  readonly isControl = false;
  #to: number | undefined;

  constructor(
    readonly batch: RoomBatch,
    private readonly from: number,
    to?: number,
  ) {
    this.#to = to;
  }

  get key(): RoomKey {
    return this.batch.key;
  }

  get before(): Whereabouts | undefined {
    return this.batch.beforeFrame(this.from);
  }

  get isOpen(): boolean {
    return this.#to === undefined;
  }

  end(): void {
    this.#to ??= this.batch.count;
  }

  get bytes(): number {
    return this.batch.sizeOf(this.from, this.#to ?? this.batch.count);
  }

  toBuffer(): Buffer {
    return this.batch.slice(this.from, this.#to ?? this.batch.count);
  }

  writeTo(target: Buffer, at: number): number {
    return at + this.toBuffer().copy(target, at);
  }

  cut(maxBytes: number): Piece[] {
    return this.batch.cutFrom(this.from, this.#to ?? this.batch.count, maxBytes);
  }
}

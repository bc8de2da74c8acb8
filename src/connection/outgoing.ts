import type { RoomKey } from '../admission/room-id.js';
import { encodeTextFrame, frameBytes, writeTextFrame } from './frame.js';

/** Something that waits in an outbox. Its bytes are whole frames. */
export interface Outgoing {
  /** The room whose publications it holds; undefined for replies and control frames. */
  readonly key?: RoomKey;
  /** Control frames pass when a connection is no longer live; everything else is dropped. */
  readonly isControl: boolean;
  /** Its size by now. */
  readonly bytes: number;
  toBuffer(): Buffer;
  /** Copies it into a buffer that has room for it; returns where it ends. */
  writeTo(target: Buffer, at: number): number;
}

/** An outbox, as a batch sees it. */
export interface BatchReader {
  addBatch(batch: RoomBatch, from: number): void;
  endBatch(batch: RoomBatch): void;
}

/** One frame for one connection, encoded only when it is handed over, straight into the buffer of the whole turn. */
export class DirectFrame implements Outgoing {
  readonly key?: undefined;
  readonly bytes: number;
  readonly #payloadBytes: number;

  constructor(
    private readonly text: string,
    readonly isControl: boolean,
  ) {
    this.#payloadBytes = Buffer.byteLength(text);
    this.bytes = frameBytes(this.#payloadBytes);
  }

  toBuffer(): Buffer {
    return encodeTextFrame(this.text);
  }

  writeTo(target: Buffer, at: number): number {
    return writeTextFrame(target, at, this.text, this.#payloadBytes);
  }
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
  #joined: Buffer | undefined;

  constructor(readonly key: RoomKey) {}

  get count(): number {
    return this.#frames.length;
  }

  get bytes(): number {
    return this.#offsets.at(-1) as number;
  }

  append(frame: Buffer): void {
    const index = this.#frames.push(frame) - 1;
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
}

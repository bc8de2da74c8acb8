import type { RoomKey } from '../admission/room-id.js';
import { encodeTextFrame, frameBytes, writeTextFrame } from './frame.js';
import type { PendingRequest } from './ports.js';

/** Where a frame stands in its room. */
export interface FramePlace {
  /** The room's offset before it, and with it: the same for what is no publication. */
  readonly before: number;
  readonly offset: number;
  /** Publications of one key are worthless once a later one is there. */
  readonly conflateKey?: string;
}

const NOWHERE: FramePlace = { before: 0, offset: 0 };

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
  readonly #places: FramePlace[] = [];
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

  /** The frame, or the frames that are one publication. */
  append(frame: Buffer, place: FramePlace = NOWHERE): void {
    const index = this.#frames.push(frame) - 1;
    this.#places.push(place);
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
      const { conflateKey } = this.#placeOf(first);
      let next = first + 1;
      const fits = (): boolean => next < to && this.sizeOf(first, next + 1) <= maxBytes;
      if (conflateKey === undefined)
        while (fits() && this.#placeOf(next).conflateKey === undefined) next++;
      pieces.push({
        key: this.key,
        isControl: false,
        before: this.beforeFrame(first),
        count: this.#placeOf(next - 1).offset - this.#placeOf(first).before,
        conflateKey,
        // A copy of its own: it may wait for long, and would keep the whole turn's bytes.
        buffer:
          conflateKey === undefined
            ? this.slice(first, next)
            : Buffer.from(this.slice(first, next)),
      });
      first = next;
    }
    return pieces;
  }

  beforeFrame(index: number): Whereabouts | undefined {
    const place = this.#places[index];
    return place && { offset: place.before, epoch: this.epoch };
  }

  #placeOf(index: number): FramePlace {
    return this.#places[index] ?? NOWHERE;
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

/** Where a room had got to; the same shape as an engine's position. */
export interface Whereabouts {
  readonly offset: number;
  readonly epoch: string;
}

/** What is known of bytes that wait for a reader, beside the bytes. */
export interface Waiting {
  /** The room whose publications they are; undefined for replies and control frames. */
  readonly key?: RoomKey | undefined;
  /** Of a reply, or of a value of a stream: the request that it is for. */
  readonly about?: PendingRequest | undefined;
  /** Where the room had got to before the first of them: who loses them has to go on from there. */
  readonly before?: Whereabouts | undefined;
  /** Control frames pass when a connection is no longer live; everything else is dropped. */
  readonly isControl: boolean;
}

/** A part of something that waits, which is handed over whole. */
export interface Piece extends Waiting {
  readonly buffer: Buffer;
  /** How many publications it is, none for what is not one. */
  readonly count: number;
  /** Of a single publication: one of the same key that comes later makes it worthless. */
  readonly conflateKey?: string | undefined;
}

/** Something that waits in an outbox. */
export interface Outgoing extends Waiting {
  /** Its size by now. */
  readonly bytes: number;
  toBuffer(): Buffer;
  /** Copies it into a buffer that has room for it; returns where it ends. */
  writeTo(target: Buffer, at: number): number;
  /** The same in pieces: as many publications as fit into `maxBytes`, or one that is larger. */
  cut(maxBytes: number): Piece[];
}

/** Bytes for one connection. */
export class DirectBytes implements Outgoing {
  readonly key?: undefined;
  readonly before?: undefined;
  readonly isControl = false;

  constructor(private readonly frame: Buffer) {}

  get bytes(): number {
    return this.frame.length;
  }

  toBuffer(): Buffer {
    return this.frame;
  }

  writeTo(target: Buffer, at: number): number {
    return at + this.frame.copy(target, at);
  }

  cut(): Piece[] {
    return [{ isControl: false, buffer: this.frame, count: 0 }];
  }
}

/** One frame for one connection, encoded only when it is handed over, straight into the buffer of the whole turn. */
export class DirectFrame implements Outgoing {
  readonly key?: undefined;
  readonly before?: undefined;
  readonly bytes: number;
  readonly #payloadBytes: number;

  constructor(
    private readonly text: string,
    readonly isControl: boolean,
    readonly about?: PendingRequest,
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

  cut(): Piece[] {
    const { isControl, about } = this;
    return [{ isControl, about, buffer: this.toBuffer(), count: 0 }];
  }
}

/** Of which rooms publications were dropped because the connection was muted, and where each has to go on from. */
export class Missed {
  #since: Map<RoomKey, Whereabouts> | undefined;

  /** What was queued first is dropped first, so the first loss of a room is the one to go on from. */
  add({ key, before }: Waiting): void {
    if (!key || !before || this.#since?.has(key)) return;
    (this.#since ??= new Map()).set(key, before);
  }

  /** The client was told that it misses this: a later loss goes on from where that led. */
  forget(key: RoomKey): void {
    this.#since?.delete(key);
  }

  /** All of them since it was last asked. */
  take(): ReadonlyMap<RoomKey, Whereabouts> {
    const since = this.#since ?? new Map<RoomKey, Whereabouts>();
    this.#since = undefined;
    return since;
  }
}

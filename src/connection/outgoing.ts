import type { RoomKey } from '../admission/room-id.js';
import type { PendingRequest } from './connection-ports.js';
import { encodeTextFrame, frameBytes, writeTextFrame } from './frame.js';

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

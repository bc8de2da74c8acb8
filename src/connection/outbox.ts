import type { Duplex } from 'node:stream';
import type { RoomKey } from '../admission/room-id.js';
import { Backlog } from './backlog.js';
import { type BatchReader, BatchSlice, DirectFrame, type Outgoing, RoomBatch } from './outgoing.js';
import type { Flushable, Turn } from './turn.js';

/** What an outbox needs to know of its connection. */
export interface OutboxOwner {
  readonly socket: Duplex;
  isLive(now: number): boolean;
  isWritable(): boolean;
  /** More than `maxOutboxBytes` wait for a reader. */
  onOutboxFull(): void;
}

/** Up to here a turn's frames go out in one write; beyond it, and behind a slow reader, the backlog hands over bit by bit. */
const MAX_WRITE_BYTES = 32 * 1024;

/**
 * The frames of one connection that wait for the end of the turn. Order is the order of the code that produced them. Rights
 * are checked when bytes are handed to the socket, not when they are queued.
 */
export class Outbox implements Flushable, BatchReader {
  #entries: Outgoing[] = [];
  #frameBytes = 0;
  #backlog: Backlog | undefined;

  constructor(
    private readonly owner: OutboxOwner,
    private readonly limits: { readonly turn: Turn; readonly maxOutboxBytes: number },
  ) {}

  /** A frame for this connection alone. Later publications of an open batch must come after it. */
  addFrame(frame: Buffer, isControl: boolean): void {
    for (const entry of this.#entries)
      if (entry instanceof RoomBatch || entry instanceof BatchSlice) this.#detach(entry);
    this.#add(new DirectFrame(frame, isControl));
    // A handler that sends in a loop never lets the turn end.
    this.#frameBytes += frame.length;
    if (this.#frameBytes > this.limits.maxOutboxBytes) this.owner.onOutboxFull();
  }

  /** The whole of a batch that begins with its next frame, or its rest from frame `from` on. */
  addBatch(batch: RoomBatch, from: number): void {
    this.#add(from === 0 ? batch : new BatchSlice(batch, from));
  }

  /** Ends what this connection gets of the batch with the last frame it has by now. */
  endBatch(batch: RoomBatch): void {
    for (const entry of this.#entries) {
      if (entry === batch) this.#detach(batch);
      else if (entry instanceof BatchSlice && entry.batch === batch) this.#detach(entry);
    }
  }

  /** Forgets what waits here of one room, or everything but control frames. */
  drop(key?: RoomKey): void {
    const stays = (entry: { key?: RoomKey; isControl: boolean }): boolean =>
      key ? entry.key !== key : entry.isControl;
    this.#entries = this.#entries.filter(stays);
    this.#backlog?.filter(stays);
  }

  flush(now: number): void {
    const entries = this.#entries;
    this.#entries = [];
    this.#frameBytes = 0;
    if (!this.owner.isWritable()) return;
    const live = this.owner.isLive(now);
    if (!live) this.#backlog?.filter((entry) => entry.isControl);
    const ready = live ? entries : entries.filter((entry) => entry.isControl);
    if (ready.length === 0) return;
    const buffer = this.#isClear() ? join(ready) : undefined;
    if (buffer && buffer.length <= MAX_WRITE_BYTES) this.owner.socket.write(buffer);
    else this.#hold(ready);
  }

  /** Hands over all that waits, however slow the reader, before a close frame. */
  finish(now: number): void {
    this.flush(now);
    this.#backlog?.finish();
  }

  /** Bytes that wait in here, behind the socket's own queue. */
  get backlogBytes(): number {
    return this.#backlog?.bytes ?? 0;
  }

  #add(entry: Outgoing): void {
    if (this.#entries.length === 0) this.limits.turn.add(this);
    this.#entries.push(entry);
  }

  #detach(entry: RoomBatch | BatchSlice): void {
    if (entry instanceof BatchSlice) {
      if (!entry.isOpen) return;
      entry.end();
      entry.batch.detached.add(this);
    } else {
      this.#entries[this.#entries.indexOf(entry)] = new BatchSlice(entry, 0, entry.count);
      entry.detached.add(this);
    }
  }

  #isClear(): boolean {
    return this.owner.socket.writableLength === 0 && this.backlogBytes === 0;
  }

  #hold(entries: readonly Outgoing[]): void {
    this.#backlog ??= new Backlog(this.owner.socket, () => this.owner.isWritable());
    for (const entry of entries) this.#backlog.add(entry);
    this.#backlog.pump();
    if (this.#backlog.bytes + this.owner.socket.writableLength > this.limits.maxOutboxBytes)
      this.owner.onOutboxFull();
  }
}

function join(entries: readonly Outgoing[]): Buffer {
  return entries.length === 1
    ? (entries[0] as Outgoing).toBuffer()
    : Buffer.concat(entries.map((entry) => entry.toBuffer()));
}

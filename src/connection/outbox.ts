import type { Duplex } from 'node:stream';
import type { RoomKey } from '../admission/room-id.js';
import { Backlog, type BacklogLimits } from './backlog.js';
import { Missed } from './missed.js';
import { DirectBytes, DirectFrame, type Outgoing, type Waiting } from './outgoing.js';
import { type BatchReader, BatchSlice, RoomBatch } from './room-batch.js';
import type { Flushable, Turn } from './turn.js';

/** What an outbox needs to know of its connection. */
export interface OutboxOwner {
  readonly socket: Duplex;
  isLive(now?: number): boolean;
  isWritable(): boolean;
  /** More than `maxOutboxBytes` wait for a reader. */
  onOutboxFull(): void;
}

const NOTHING: Outgoing[] = [];

/** Up to here a turn's frames go out in one write; beyond it, and behind a slow reader, the backlog hands over bit by bit. */
const MAX_WRITE_BYTES = 32 * 1024;

/**
 * The frames of one connection that wait for the end of the turn. Order is the order of the code that produced them. Rights
 * are checked when bytes are handed to the socket, not when they are queued.
 */
export class Outbox implements Flushable, BatchReader {
  #entries = NOTHING;
  #frameBytes = 0;
  /** Whether there may be batches among the entries that are still growing. */
  #hasBatches = false;
  #missed: Missed | undefined;
  #backlog: Backlog | undefined;

  constructor(
    private readonly owner: OutboxOwner,
    private readonly limits: BacklogLimits & { readonly turn: Turn },
  ) {}

  /** A frame for this connection alone. Later publications of an open batch must come after it. */
  addText(text: string, isControl: boolean, about?: RoomKey): void {
    this.#addDirect(new DirectFrame(text, isControl, about));
  }

  /** The same with a frame of bytes. */
  addBytes(frame: Buffer): void {
    this.#addDirect(new DirectBytes(frame));
  }

  #addDirect(frame: Outgoing): void {
    if (this.#hasBatches) this.#detachAll();
    this.#add(frame);
    // A handler that sends in a loop never lets the turn end; whether the reader is behind shows when it is handed over.
    this.#frameBytes += frame.bytes;
    if (this.#frameBytes > this.limits.maxOutboxBytes) this.flush();
  }

  /** The whole of a batch that begins with its next frame, or its rest from frame `from` on. */
  addBatch(batch: RoomBatch, from: number): void {
    this.#hasBatches = true;
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
    const stays = (entry: Waiting): boolean =>
      key ? entry.key !== key && entry.about !== key : entry.isControl;
    this.#entries = this.#entries.filter(stays);
    this.#backlog?.filter(stays);
  }

  flush(now?: number): void {
    const entries = this.#entries;
    this.#entries = NOTHING;
    this.#frameBytes = 0;
    this.#hasBatches = false;
    if (!this.owner.isWritable()) return;
    const live = this.owner.isLive(now);
    const ready = live ? entries : this.#mute(entries);
    if (ready.length === 0) return;
    const bytes = bytesOf(ready);
    if (!this.#isClear() || bytes > MAX_WRITE_BYTES) this.#hold(ready);
    // Who was left out of all that a room said in the turn holds a slice of nothing.
    else if (bytes > 0) this.owner.socket.write(join(ready, bytes));
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

  /** Grows while a reader that is behind reads. */
  get taken(): number {
    return this.#backlog?.taken ?? 0;
  }

  /** What was dropped because the connection was muted. */
  get missed(): Missed {
    return (this.#missed ??= new Missed());
  }

  /** Resolves when nothing waits in here any more; never, when the connection closes before. */
  async drained(): Promise<void> {
    if (!this.isDrained()) await new Promise<void>((resolve) => this.#backlog?.onEmpty(resolve));
  }

  /** Whether nothing waits in here by now: of those who waited for that, an earlier one may have filled it again. */
  isDrained(): boolean {
    // What this turn has queued may be more than the reader takes; only when it is handed over that shows.
    this.flush();
    return this.backlogBytes === 0;
  }

  #add(entry: Outgoing): void {
    if (this.#entries.length > 0) {
      this.#entries.push(entry);
      return;
    }
    // Most turns bring one thing, and a list that grows keeps room for sixteen more.
    this.#entries = [entry];
    this.limits.turn.add(this);
  }

  /** What passes although the connection is muted; the backlog's is older. */
  #mute(entries: readonly Outgoing[]): Outgoing[] {
    this.#backlog?.mute();
    // Who was left out of all that a room said in the turn has missed nothing of it.
    for (const entry of entries) if (entry.bytes > 0) this.missed.add(entry);
    return entries.filter((entry) => entry.isControl);
  }

  #detachAll(): void {
    this.#hasBatches = false;
    for (const entry of this.#entries)
      if (entry instanceof RoomBatch || entry instanceof BatchSlice) this.#detach(entry);
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
    this.#backlog ??= new Backlog(this.owner, this.missed, this.limits);
    for (const entry of entries) this.#backlog.add(entry);
    this.#backlog.pump();
    if (!this.#backlog.relieve()) this.owner.onOutboxFull();
  }
}

function bytesOf(entries: readonly Outgoing[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entry.bytes;
  return bytes;
}

/** A single entry goes as it is: the buffer of a batch is shared by all members. */
function join(entries: readonly Outgoing[], bytes: number): Buffer {
  if (entries.length === 1) return (entries[0] as Outgoing).toBuffer();
  const joined = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const entry of entries) at = entry.writeTo(joined, at);
  return joined;
}

import type { RoomKey } from '../admission/room-id.js';
import type { Clock } from '../core/clock.js';
import { Backlog, type BacklogOwner } from './backlog.js';
import type { ConnectionPorts, PendingRequest } from './ports.js';
import {
  type BatchReader,
  BatchSlice,
  DirectBytes,
  DirectFrame,
  Missed,
  type Outgoing,
  RoomBatch,
  type Waiting,
} from './room-batch.js';

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
  /** Frames for this connection alone that were added so far; by the last flush; and by the one before the backlog was begun. */
  #added = 0;
  #addedAtFlush = 0;
  #addedBeforeBacklog = 0;
  /** The rights by which the entries were asked about. */
  #generation = 0;
  #isSealed = false;
  #missed: Missed | undefined;
  #backlog: Backlog | undefined;

  constructor(
    private readonly owner: BacklogOwner,
    private readonly limits: Pick<
      ConnectionPorts,
      'maxOutboxBytes' | 'slowConsumerRule' | 'clock' | 'wheel' | 'slowReaderMs' | 'turn'
    >,
  ) {}

  /**
   * A frame for this connection alone. Later publications of an open batch must come after it. False when it does not fit beside
   * what its reader has not taken; a control frame always does, and is followed by the end of a reader that takes none of them.
   */
  addText(text: string, isControl: boolean, about?: PendingRequest): boolean {
    return this.#addDirect(new DirectFrame(text, isControl, about));
  }

  /** The same with a frame of bytes. */
  addBytes(frame: Buffer): boolean {
    return this.#addDirect(new DirectBytes(frame));
  }

  #addDirect(frame: Outgoing): boolean {
    if (this.#isSealed || !this.#makeRoom(frame)) return false;
    if (this.#hasBatches) this.#detachAll();
    this.#add(frame);
    this.#added += 1;
    this.#frameBytes += frame.bytes;
    return true;
  }

  /** A handler that sends in a loop never lets the turn end; whether the reader is behind shows when frames are handed over. */
  #makeRoom({ bytes, isControl }: Outgoing): boolean {
    const { maxOutboxBytes } = this.limits;
    if (this.#frameBytes + this.#waitingBytes() + bytes <= maxOutboxBytes) return true;
    this.flush();
    const excess = this.#waitingBytes() + bytes - maxOutboxBytes;
    if (excess <= 0 || this.#backlog?.relieve(bytes)) return true;
    if (isControl && excess > maxOutboxBytes / 8) this.owner.onReaderStalled();
    return isControl;
  }

  /** Frames for this connection alone that were added so far, and how many of them the socket has been given. */
  get added(): number {
    return this.#added;
  }

  get handedOver(): number {
    return this.backlogBytes > 0 ? this.#addedBeforeBacklog : this.#addedAtFlush;
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
    const stays = (entry: Waiting): boolean => (key ? entry.key !== key : entry.isControl);
    this.#entries = this.#entries.filter(stays);
    this.#backlog?.filter(stays);
  }

  flush(now?: number): void {
    const entries = this.#entries;
    this.#entries = NOTHING;
    this.#frameBytes = 0;
    this.#hasBatches = false;
    if (this.backlogBytes === 0) this.#addedBeforeBacklog = this.#addedAtFlush;
    this.#addedAtFlush = this.#added;
    if (this.#isSealed || !this.owner.isWritable()) return;
    const ready = this.owner.mayRead(now) ? this.#due(entries) : this.#mute(entries);
    if (ready.length === 0) return;
    const bytes = bytesOf(ready);
    if (!this.#isClear() || bytes > MAX_WRITE_BYTES) this.#hold(ready);
    // Who was left out of all that a room said in the turn holds a slice of nothing.
    else if (bytes > 0) this.owner.socket.write(join(ready, bytes));
  }

  /** Takes no more frames, and calls back when the last one was handed over. */
  finish(done: () => void): void {
    this.flush();
    this.#isSealed = true;
    if (this.#backlog && this.backlogBytes > 0) this.#backlog.onEmpty(done);
    else done();
  }

  /** Its socket is gone: nothing is kept for it. */
  stop(): void {
    this.#isSealed = true;
    this.#entries = NOTHING;
    this.#backlog?.stop();
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

  /** What passes although the connection is muted; the backlog's is older. Requests are told instead of being answered. */
  #mute(entries: readonly Outgoing[]): Outgoing[] {
    this.#backlog?.mute();
    // Who was left out of all that a room said in the turn has missed nothing of it.
    for (const entry of entries) if (entry.bytes > 0) this.missed.add(entry);
    return entries.flatMap((entry) =>
      entry.isControl ? [entry] : insteadOf(entry, this.owner.whyMuted()),
    );
  }

  /** Rights may have changed since replies were queued: then each request is asked again. */
  #due(entries: Outgoing[]): Outgoing[] {
    const { generation } = this.owner;
    if (generation === this.#generation) return entries;
    this.#generation = generation;
    return entries.flatMap((entry) => {
      const refusal = entry.about?.refusal();
      return refusal === undefined ? [entry] : insteadOf(entry, refusal);
    });
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
    return this.#waitingBytes() === 0;
  }

  #waitingBytes(): number {
    return this.owner.socket.writableLength + this.backlogBytes;
  }

  #hold(entries: readonly Outgoing[]): void {
    this.#backlog ??= new Backlog(this.owner, this.missed, this.limits);
    for (const entry of entries) this.#backlog.add(entry);
    this.#backlog.pump();
    this.#backlog.relieve();
  }
}

/** What a request is told in the place of bytes that may not be handed over. */
function insteadOf({ about }: Outgoing, code: string): Outgoing[] {
  const text = about?.lost(code);
  return text === undefined ? [] : [new DirectFrame(text, true)];
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

/** Something that hands over, once per turn of the event loop, what was queued in it. */
export interface Flushable {
  flush(now: number): void;
}

/**
 * Collects what one turn of the event loop produced. Everything is handed over in the check phase, after all messages of the
 * poll phase were handled, so that k broadcasts in one turn cost each member one write.
 */
export class Turn {
  #dirty: Flushable[] = [];
  #isScheduled = false;

  constructor(private readonly now: () => number) {}

  add(item: Flushable): void {
    this.#dirty.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.flush());
  }

  flush(): void {
    this.#isScheduled = false;
    const items = this.#dirty;
    this.#dirty = [];
    const now = this.now();
    for (const item of items) item.flush(now);
  }
}

/** A reader is waited for longer than anybody's answer: a phone in a tunnel comes back within it. */
const DEADLINES = 6;

/** How long to wait for a reader that is behind, by the deadline for answers. */
export function patience(deadlineMs: number): number {
  return DEADLINES * deadlineMs;
}

/** Waits until nothing waits in the outbox; false when that takes longer. */
export async function drainedWithin(
  outbox: Outbox,
  clock: Clock,
  withinMs: number,
): Promise<boolean> {
  if (outbox.isDrained()) return true;
  const drained = outbox.drained().then(() => true);
  return clock.within(drained, withinMs, false);
}

/** Waits in the same way; false when the reader has taken nothing meanwhile. */
export async function readsWithin(
  outbox: Outbox,
  clock: Clock,
  withinMs: number,
): Promise<boolean> {
  const { taken } = outbox;
  return (await drainedWithin(outbox, clock, withinMs)) || outbox.taken !== taken;
}

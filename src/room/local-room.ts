import type { RoomKey } from '../admission/room-id.js';
import type { ServerConnection } from '../connection/connection.js';
import type { Flushable, Turn } from '../connection/outbox.js';
import type { HeldBudget } from '../connection/ports.js';
import { type FramePlace, RoomBatch, type Whereabouts } from '../connection/room-batch.js';
import type { Deadline } from '../connection/timing-wheel.js';
import type { Publication } from './engine/engine.js';

/** A turn's batch is handed over early at this size, so that a handler that broadcasts in a loop cannot fill the memory. */
const MAX_BATCH_BYTES = 1_048_576;

type DeliveredAs = Pick<Publication, 'offset' | 'except' | 'conflateKey'>;

const NOBODY: readonly ServerConnection[] = [];

/** The members a room has on this node, and where they have got to together. */
export class LocalRoom implements Flushable {
  /** By connection id. */
  readonly members = new Map<string, ServerConnection>();
  /** Those at the door or inside that need the engine to carry the room here. */
  holds = 0;
  /** Whether the engine carries the room to this node, or when it does. */
  subscribed: true | Promise<true> | undefined;
  /** Whether it ever had a member. */
  isKnown = false;
  /** When it will be given up, while nobody needs it. */
  idle: Deadline | undefined;
  #offset = 0;
  #epoch = '';
  /** What this turn has said so far. */
  #batch: RoomBatch | undefined;
  /** Members that are given what they missed. */
  #catchingUp: Map<ServerConnection, HeldPublications> | undefined;
  /** Up to where members have it that were given what is still to be delivered here: reading may be ahead of deliveries. */
  #ahead: Map<ServerConnection, number> | undefined;

  constructor(
    readonly key: RoomKey,
    private readonly turn: Turn,
    /** The subject that was the first to ask for it. */
    readonly creator?: string,
  ) {}

  /** Up to where everything was delivered here. */
  get position(): Whereabouts {
    return { offset: this.#offset, epoch: this.#epoch };
  }

  /** Up to where a member has everything that was delivered, or was given before it is. */
  positionOf(connection: ServerConnection): Whereabouts {
    const offset = Math.max(this.#offset, this.#ahead?.get(connection) ?? 0);
    return { offset, epoch: this.#epoch };
  }

  /** Where deliveries go on from: the engine has said so. What they were before the subscription may have come already. */
  begin({ offset, epoch }: Whereabouts): void {
    this.#offset = this.#epoch === '' ? Math.max(this.#offset, offset) : offset;
    if (this.#epoch !== epoch) this.#ahead = undefined;
    this.#epoch = epoch;
    this.#batch = undefined;
  }

  join(connection: ServerConnection): void {
    this.members.set(connection.id, connection);
    this.#batch?.detached.add(connection.outbox);
  }

  leave(connection: ServerConnection): void {
    this.members.delete(connection.id);
    this.#batch?.remove(connection.outbox);
    this.#letGo(connection);
    this.#ahead?.delete(connection);
  }

  /** Puts a publication into the outbox of every member but one. The frame is shared and must not change. */
  deliver(frame: Buffer, { offset, except: exceptId, conflateKey }: DeliveredAs): void {
    const placed = { frame, before: this.#offset, offset, conflateKey };
    this.#offset = offset;
    const except = exceptId === undefined ? undefined : this.members.get(exceptId);
    for (const [member, held] of this.#catchingUp ?? [])
      if (member !== except && (this.#ahead?.get(member) ?? 0) < offset) held.add(placed);
    this.#append(placed, this.#without(except));
  }

  /** Nobody is here to be told. */
  skip(offset: number): void {
    this.#offset = offset;
  }

  /** Says something that is no publication to those members that may hear it. */
  announce(frame: Buffer, mayHear: (member: ServerConnection) => boolean): void {
    const others = [...this.members.values()].filter((member) => !mayHear(member));
    const offset = this.#offset;
    const placed = { frame, before: offset, offset };
    for (const [member, held] of this.#catchingUp ?? []) if (mayHear(member)) held.add(placed);
    if (others.length < this.members.size) this.#append(placed, others);
  }

  /** From now on the room is held back from a member, which has everything up to `from`. Undefined if it is already. */
  suspend(
    connection: ServerConnection,
    from: HeldPublications['from'],
    budget: HeldBudget,
  ): HeldPublications | undefined {
    const present = this.#catchingUp?.get(connection);
    present?.rewind(from);
    this.#batch?.remove(connection.outbox);
    if (present) return undefined;
    const held = new HeldPublications(from, budget);
    (this.#catchingUp ??= new Map()).set(connection, held);
    return held;
  }

  /** What is held back from a member that is still waiting for what it missed. */
  heldFrom(connection: ServerConnection): HeldPublications | undefined {
    return this.#catchingUp?.get(connection);
  }

  /** Gives a member what it missed, up to an offset at least, and from now on what the others get behind it. */
  resume(connection: ServerConnection, missed: readonly PlacedFrame[], upTo: number): void {
    if (upTo > this.#offset) (this.#ahead ??= new Map()).set(connection, upTo);
    this.#letGo(connection);
    if (this.#catchingUp?.size === 0) this.#catchingUp = undefined;
    const own = new RoomBatch(this.key, this.#epoch);
    for (const placed of missed) own.append(placed.frame, placed);
    if (own.count > 0) connection.outbox.addBatch(own, 0);
    this.#batch?.detached.add(connection.outbox);
  }

  #letGo(connection: ServerConnection): void {
    const held = this.#catchingUp?.get(connection);
    this.#catchingUp?.delete(connection);
    held?.end();
  }

  /** Outboxes hold what they have not handed over; the room would only keep bytes and members that are gone. */
  flush(): void {
    this.#batch = undefined;
  }

  /** Who does not get what is being delivered: the one it is not for, and those who have it. */
  #without(except: ServerConnection | undefined): readonly ServerConnection[] {
    const without = except ? [except] : NOBODY;
    for (const [member, upTo] of this.#ahead ?? [])
      if (upTo < this.#offset) this.#ahead?.delete(member);
    if (this.#ahead?.size === 0) this.#ahead = undefined;
    return this.#ahead ? [...without, ...this.#ahead.keys()] : without;
  }

  #append(placed: PlacedFrame, without: readonly ServerConnection[]): void {
    if ((this.#batch?.bytes ?? 0) > MAX_BATCH_BYTES) this.turn.flush();
    const batch = this.#batch ?? this.#startBatch();
    const live = without.filter((member) => !this.#catchingUp?.has(member));
    for (const { outbox } of live) batch.remove(outbox);
    batch.append(placed.frame, placed);
    for (const { outbox } of live) batch.detached.add(outbox);
  }

  #startBatch(): RoomBatch {
    const batch = new RoomBatch(this.key, this.#epoch);
    for (const member of this.members.values())
      if (!this.#catchingUp?.has(member)) member.outbox.addBatch(batch, 0);
    this.#batch = batch;
    this.turn.add(this);
    return batch;
  }
}

/** A publication as it is sent, and where it stands. */
export interface PlacedFrame extends FramePlace {
  readonly frame: Buffer;
}

/** What a room says while one of its members is given what it missed. */
export class HeldPublications {
  /** Whether something that the member has to get is neither in here nor in what is being read. */
  isIncomplete = false;
  /** Called once, when the member has what it missed, or has left. */
  onEnd: (() => void) | undefined;
  #frames: PlacedFrame[] = [];
  #bytes = 0;

  /**
   * `from`: up to where the member has everything. Beyond half the budget, or when the others have used it up, they are let go:
   * history has them too, and is read again.
   */
  constructor(
    public from: Whereabouts & { readonly connectionId?: string },
    private readonly budget: HeldBudget,
  ) {}

  add(placed: PlacedFrame): void {
    if (this.isIncomplete) return;
    const { length } = placed.frame;
    const { bytes, maxBytes } = this.budget;
    this.isIncomplete = this.#bytes + length > maxBytes / 2 || bytes + length > maxBytes;
    if (this.isIncomplete) return this.letGo();
    this.#frames.push(placed);
    this.#count(length);
  }

  /** Gives back what it has of the budget. */
  letGo(): void {
    this.#frames = [];
    this.#count(-this.#bytes);
  }

  /** Nothing more is held back. */
  end(): void {
    this.letGo();
    const { onEnd } = this;
    this.onEnd = undefined;
    onEnd?.();
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.budget.bytes += bytes;
  }

  /** More was lost than we knew. What is lost of two lives of the room is not found in one of them: no place leads on from it. */
  rewind({ offset, epoch }: Whereabouts): void {
    this.isIncomplete = true;
    this.letGo();
    const isOfOneLife = epoch === this.from.epoch;
    this.from = isOfOneLife
      ? { ...this.from, offset: Math.min(offset, this.from.offset) }
      : { ...this.from, epoch: '' };
  }

  /** Begins anew: the publications held so far are in the history that is read from now on. */
  restart(): void {
    this.isIncomplete = false;
    this.#frames = this.#frames.filter(isAnnouncement);
    this.#count(this.#frames.reduce((sum, { frame }) => sum + frame.length, 0) - this.#bytes);
  }

  /** The offset before the first of them. */
  get before(): number | undefined {
    return this.#frames[0]?.before;
  }

  /** What was said behind the offset, and what no history has. */
  after(offset: number): PlacedFrame[] {
    return this.#frames.filter((placed) => placed.before >= offset || isAnnouncement(placed));
  }
}

/** Something that is no publication, such as news of presence. */
function isAnnouncement({ before, offset }: PlacedFrame): boolean {
  return before === offset;
}

import type { RoomKey } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import { RoomBatch } from '../connection/outgoing.js';
import type { Flushable, Turn } from '../connection/turn.js';

/** A turn's batch is handed over early at this size, so that a handler that broadcasts in a loop cannot fill the memory. */
const MAX_BATCH_BYTES = 1_048_576;

/** The members a room has on this node. */
export class LocalRoom implements Flushable {
  /** By connection id. */
  readonly members = new Map<string, RoomConnection>();
  /** Those at the door or inside that need the engine to carry the room here. */
  holds = 0;
  /** The life of the room's offsets that the engine told of when it was subscribed. */
  epoch: string | undefined;
  /** Whether the engine carries the room to this node, or when it does. */
  subscribed: true | Promise<true> | undefined;
  /** What this turn has said so far. */
  #batch: RoomBatch | undefined;

  constructor(
    readonly key: RoomKey,
    private readonly turn: Turn,
  ) {}

  join(connection: RoomConnection): void {
    this.members.set(connection.id, connection);
    this.#batch?.detached.add(connection.outbox);
  }

  leave(connection: RoomConnection): void {
    this.members.delete(connection.id);
    this.#batch?.remove(connection.outbox);
  }

  /** Puts a frame into the outbox of every member but one. The frame is shared and must not change. */
  deliver(frame: Buffer, exceptId?: string): void {
    if ((this.#batch?.bytes ?? 0) > MAX_BATCH_BYTES) this.turn.flush();
    const batch = this.#batch ?? this.#startBatch();
    const except = exceptId === undefined ? undefined : this.members.get(exceptId)?.outbox;
    if (except) batch.remove(except);
    batch.append(frame);
    if (except) batch.detached.add(except);
  }

  /** Outboxes hold what they have not handed over; the room would only keep bytes and members that are gone. */
  flush(): void {
    this.#batch = undefined;
  }

  #startBatch(): RoomBatch {
    const batch = new RoomBatch(this.key);
    for (const member of this.members.values()) member.outbox.addBatch(batch, 0);
    this.#batch = batch;
    this.turn.add(this);
    return batch;
  }
}

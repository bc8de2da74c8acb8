import type { RoomKey } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import { RoomBatch } from '../connection/outgoing.js';
import type { Turn } from '../connection/turn.js';

/** A turn's batch is handed over early at this size, so that a handler that broadcasts in a loop cannot fill the memory. */
const MAX_BATCH_BYTES = 1_048_576;

/** The members a room has on this node. */
export class LocalRoom {
  readonly members = new Set<RoomConnection>();
  /** Those at the door or inside that need the engine to carry the room here. */
  holds = 0;
  /** Resolves when the engine carries the room to this node. */
  subscribed: Promise<unknown> | undefined;
  #batch: RoomBatch | undefined;
  #batchTurn = -1;

  constructor(
    readonly key: RoomKey,
    private readonly turn: Turn,
  ) {}

  join(connection: RoomConnection): void {
    this.members.add(connection);
    this.#openBatch()?.detached.add(connection.outbox);
  }

  leave(connection: RoomConnection): void {
    this.members.delete(connection);
    this.#openBatch()?.remove(connection.outbox);
  }

  /** Puts a frame into the outbox of every member but one. The frame is shared and must not change. */
  deliver(frame: Buffer, exceptId?: string): void {
    if ((this.#batch?.bytes ?? 0) > MAX_BATCH_BYTES) this.turn.flush();
    const batch = this.#openBatch() ?? this.#startBatch();
    const except = exceptId === undefined ? undefined : this.#find(exceptId)?.outbox;
    if (except) batch.remove(except);
    batch.append(frame, except);
    if (except) batch.detached.add(except);
  }

  #openBatch(): RoomBatch | undefined {
    return this.#batchTurn === this.turn.number ? this.#batch : undefined;
  }

  #startBatch(): RoomBatch {
    const batch = new RoomBatch(this.key);
    for (const member of this.members) member.outbox.addBatch(batch, 0);
    this.#batch = batch;
    this.#batchTurn = this.turn.number;
    return batch;
  }

  #find(id: string): RoomConnection | undefined {
    for (const member of this.members) if (member.id === id) return member;
    return undefined;
  }
}

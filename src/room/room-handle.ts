import type { RoomConnection } from '../connection/connection.js';
import type { Reauthorized } from './authority.js';
import type { PresencePage } from './engine/presence-entry.js';
import type { Position } from './engine/publication.js';
import type { HistoryRequest, PastPage } from './history.js';
import type { BroadcastOptions, NamedRooms } from './named-rooms.js';

/** A room with the server's authority: no principal is asked. */
export class RoomHandle {
  constructor(
    readonly id: string,
    private readonly rooms: NamedRooms,
  ) {}

  /** @see NamedRooms.broadcast */
  broadcast(event: string, data?: unknown, options?: BroadcastOptions): Promise<Position> {
    return this.rooms.broadcast(this.id, event, data, options);
  }

  /** @see NamedRooms.broadcastBinary */
  broadcastBinary(bytes: Uint8Array, options?: BroadcastOptions): Promise<Position> {
    return this.rooms.broadcastBinary(this.id, bytes, options);
  }

  /** The members on this node. */
  members(): readonly RoomConnection[] {
    return this.rooms.members(this.id);
  }

  /**
   * Who is present, on every node: several connections of one subject are one member, with the `meta` that only the server sees.
   * @throws RoomgateError `not_kept` when presence is off, `engine_unavailable`.
   */
  presence(limit?: number): Promise<PresencePage> {
    return this.rooms.presence(this.id, limit);
  }

  /** What the room keeps of its past. @throws RoomgateError `not_kept`, `position_unknown`, `engine_unavailable`. */
  history(request?: HistoryRequest): Promise<PastPage> {
    return this.rooms.history(this.id, request);
  }

  /**
   * Asks the policy anew about every member on this node, after their rights changed somewhere else. Who is no longer granted
   * leaves (`room.left`), and is closed with 4403 when it was its only room; so does who the policy gives no answer about.
   * While revocations may be missing (`authority_stale`) rights are only taken here; ask again afterwards.
   */
  reauthorize(): Promise<Reauthorized> {
    return this.rooms.reauthorize(this.id);
  }

  /** Every connection on this node leaves the room, and is closed with 4404 when it was its only one; returns how many there were. */
  close(): number {
    return this.rooms.close(this.id);
  }

  /** Closes the connections by which the principal is in the room on this node with 4440; returns how many. */
  disconnect(principal: { readonly identity: string }): number {
    return this.rooms.disconnect(this.id, principal);
  }
}

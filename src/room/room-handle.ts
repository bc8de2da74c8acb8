import type { RoomConnection } from '../connection/connection.js';
import type { Reauthorized } from './authority.js';
import type { PresencePage } from './engine/presence-entry.js';
import type { Position } from './engine/publication.js';
import type { HistoryRequest, PastPage } from './history.js';
import type { BroadcastOptions } from './named-publications.js';
import type { NamedRooms } from './named-rooms.js';

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
   * Asks the policy anew about every member, on every node, after their rights changed somewhere else. Who is no longer granted
   * leaves (`room.left`), and is closed with 4403 when it was its only room; so does who the policy gives no answer about.
   * Resolves with what became of the members on this node, when the engine has accepted the order for the others.
   * @throws RoomgateError `engine_unavailable` when it is unknown whether other nodes get the order; what was done here stays done.
   */
  reauthorize(): Promise<Reauthorized> {
    return this.rooms.reauthorize(this.id);
  }

  /**
   * Every connection leaves the room, on every node, and is closed with 4404 when it was its only one: here in the turn of the
   * call. Resolves with how many there were here, when the engine has accepted the order for the other nodes.
   * @throws RoomgateError `engine_unavailable` when it is unknown whether other nodes get the order; what was done here stays done.
   */
  close(): Promise<number> {
    return this.rooms.close(this.id);
  }

  /**
   * Closes the connections by which the principal is in the room with 4440, on every node. Resolves with how many there were
   * here. @see RoomHandle.close
   */
  disconnect(principal: { readonly identity: string }): Promise<number> {
    return this.rooms.disconnect(this.id, principal);
  }
}

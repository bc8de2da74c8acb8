import type { RoomId } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import { requireLive, requirePublish } from '../connection/require-rights.js';
import type { Position } from './engine/publication.js';
import type { BroadcastOptions, RoomService } from './room.service.js';

/** A room as one of its members may use it: everything is done with the member's rights, asked anew at each call. */
export class Room {
  constructor(
    readonly id: RoomId,
    readonly name: string,
    private readonly connection: RoomConnection,
    private readonly rooms: RoomService,
  ) {}

  /**
   * Speaks to all members, on every node. Resolves when the engine has accepted it.
   * @throws RoomgateError `token_expired`, `not_a_member` or `publish_forbidden` when the member may not (any more),
   * `reserved_event` and `invalid_data` for what cannot be sent, `engine_unavailable` when the outcome is unknown.
   */
  async broadcast(
    event: string,
    data?: unknown,
    options: BroadcastOptions = {},
  ): Promise<Position> {
    requireLive(this.connection);
    requirePublish(this.connection, this.id);
    return this.rooms.of(this.name).broadcast(this.id, event, data, options);
  }

  /** Speaks to all members but the one whose message is being handled. */
  async broadcastToOthers(event: string, data?: unknown): Promise<Position> {
    return this.broadcast(event, data, { except: this.connection.id });
  }
}

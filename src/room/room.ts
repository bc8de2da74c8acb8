import { type RoomId, roomKey } from '../admission/room-id.js';
import {
  requireLive,
  requireMembership,
  requirePresence,
  requirePublish,
  type ServerConnection,
} from '../connection/connection.js';
import type { Position, PresentMember } from './engine/engine.js';
import type { HistoryRequest, PastPage } from './history.js';
import {
  type BroadcastOptions,
  ownPublicationId,
  ServerRoom,
  type ServerRoomPorts,
} from './server-room.js';
import { mayFloat } from '../core/maybe-promise.js';

/** Who is in a room, as its members may know it. */
export interface PresenceList {
  /** At most `maxListed` of them, the earliest first. */
  readonly members: readonly { readonly id: string; readonly info?: unknown }[];
  readonly total: number;
}

/** A room as one of its members may use it: everything is done with the member's rights, which are asked at each call. */
export class Room {
  readonly name: string;
  readonly #room: ServerRoom;

  constructor(
    private readonly connection: ServerConnection,
    readonly id: RoomId,
    private readonly ports: ServerRoomPorts,
  ) {
    this.name = connection.roomName;
    this.#room = new ServerRoom(this.name, id, ports);
  }

  /**
   * Speaks to all members, on every node. Resolves when the engine has accepted it. A `publicationId` is the member's own: those of
   * other subjects are others.
   * @throws RoomgateError `token_expired`, `authority_stale`, `not_a_member` or `publish_forbidden` when the member may not (any more),
   * `reserved_event` and `invalid_data` for what cannot be sent, `engine_unavailable` when the outcome is unknown.
   */
  broadcast(event: string, data?: unknown, options: BroadcastOptions = {}): Promise<Position> {
    return this.#speak(() => this.#room.broadcast(event, data, this.#own(options)));
  }

  /** Speaks to all members but the one whose message is being handled. */
  broadcastToOthers(
    event: string,
    data?: unknown,
    options: Omit<BroadcastOptions, 'except'> = {},
  ): Promise<Position> {
    return this.broadcast(event, data, { ...options, except: this.connection.id });
  }

  /** Sends bytes to all members. @see Room.broadcast */
  broadcastBinary(bytes: Uint8Array, options: BroadcastOptions = {}): Promise<Position> {
    return this.#speak(() => this.#room.broadcastBinary(bytes, this.#own(options)));
  }

  /** Who is here. @throws RoomgateError `token_expired`, `authority_stale`, `not_a_member`, `presence_forbidden`, `not_kept`, `engine_unavailable`. */
  async presence(): Promise<PresenceList> {
    requireLive(this.connection);
    requirePresence(this.connection, this.id);
    const limit = this.ports.settings.of(this.name).presence?.maxListed;
    const { members, total } = await this.#room.presence(limit);
    requirePresence(this.connection, this.id);
    const toPublic = ({ memberId, info }: PresentMember) => ({ id: memberId, info });
    return { members: members.map(toPublic), total };
  }

  /**
   * A page of what was said here, as far as the member may see it.
   * @throws RoomgateError `token_expired`, `authority_stale`, `not_a_member`, `history_forbidden`, `not_kept`, `position_unknown`, `engine_unavailable`.
   */
  async history(request: HistoryRequest = {}): Promise<PastPage> {
    requireLive(this.connection);
    const { rights, former } = requireMembership(this.connection, this.id);
    const { history } = rights;
    const key = roomKey(this.name, this.id);
    const own = [this.connection.id, former];
    const page = await this.ports.history.page(key, request, history, own);
    const after = requireMembership(this.connection, this.id).rights.history;
    // Rights that changed while we waited: what was read by the old ones is not given.
    return after === history ? page : this.history(request);
  }

  #speak(publish: () => Promise<Position>): Promise<Position> {
    const speak = async (): Promise<Position> => {
      requireLive(this.connection);
      requirePublish(this.connection, this.id);
      return publish();
    };
    return mayFloat(speak());
  }

  #own(options: BroadcastOptions): BroadcastOptions {
    const { publicationId: given } = options;
    if (given === undefined) return options;
    const publicationId = ownPublicationId(this.connection.principal.identity, given);
    return { ...options, publicationId };
  }
}

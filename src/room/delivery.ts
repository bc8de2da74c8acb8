import { type RoomKey, splitRoomKey } from '../admission/room-id.js';
import type { EngineKey, EngineSink } from './engine/engine.js';
import type { PresenceChange } from './engine/presence-entry.js';
import type { Position, Publication } from './engine/publication.js';
import type { Memberships } from './membership.js';
import type { OrderReceiver } from './order-receiver.js';
import { ORDERS_KEY } from './order-sender.js';
import type { PresenceFeed } from './presence-feed.js';
import { encodePublication } from './publication-frame.js';
import type { Recovery } from './recovery.js';
import type { SettingsOfRooms } from './room-settings.js';

/** The end of the one delivery path: what the engine carried here goes to the room's members on this node, encoded once; orders are obeyed. */
export class Delivery implements EngineSink {
  constructor(
    private readonly memberships: Memberships,
    private readonly settings: SettingsOfRooms,
    private readonly recovery: Recovery,
    private readonly presences: PresenceFeed,
    private readonly orders: Pick<OrderReceiver, 'deliver' | 'interrupted'>,
  ) {}

  deliver(key: EngineKey, publication: Publication): void {
    if (key === ORDERS_KEY) return this.orders.deliver(publication);
    const room = this.memberships.get(key as RoomKey);
    if (!room) return;
    const { offset } = publication;
    if (room.members.size === 0) return room.skip(offset);
    // An engine that broke its promises must not make us break ours: nothing twice, and nothing lost in silence.
    const { position } = room;
    if (offset <= position.offset) return;
    if (offset > position.offset + 1)
      this.recovery.interrupted(room, { ...position, offset: offset - 1 });
    const isKept = this.settings.ofKey(room.key).history !== undefined;
    const [, id] = splitRoomKey(room.key);
    const frame = encodePublication(publication, isKept ? { room: id, offset } : { room: id });
    room.deliver(frame, publication);
  }

  interrupted(key: EngineKey, position: Position): void {
    if (key === ORDERS_KEY) return this.orders.interrupted(position);
    const room = this.memberships.get(key as RoomKey);
    if (room) this.recovery.interrupted(room, position);
  }

  presence(key: EngineKey, change: PresenceChange): void {
    const room = this.memberships.get(key as RoomKey);
    if (room) this.presences.tell(room, change);
  }
}

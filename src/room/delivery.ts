import { type RoomKey, splitRoomKey } from '../admission/room-id.js';
import type {
  EngineKey,
  EngineSink,
  Position,
  PresenceChange,
  Publication,
} from './engine/engine.js';
import { encodePublication, type KnownBodies } from './publication-frame.js';
import type { Memberships } from './membership.js';
import type { OrderReceiver } from './order-receiver.js';
import { ORDERS_KEY } from './orders.js';
import type { Presence, PresenceFeed } from './presence.js';
import type { Recovery } from './recovery.js';
import type { SettingsOfRooms } from './room-settings.js';

/** The end of the one delivery path: what the engine carried here goes to the room's members on this node, encoded once; orders are obeyed. */
export class Delivery implements EngineSink {
  constructor(
    private readonly ports: {
      readonly memberships: Memberships;
      readonly settings: SettingsOfRooms;
      readonly bodies: KnownBodies;
      readonly recovery: Pick<Recovery, 'interrupted'>;
      readonly presence: Pick<Presence, 'renew'>;
      readonly feed: PresenceFeed;
      readonly orders: Pick<OrderReceiver, 'deliver' | 'interrupted'> &
        Partial<Pick<OrderReceiver, 'told'>>;
    },
  ) {}

  deliver(key: EngineKey, publication: Publication): void {
    if (key === ORDERS_KEY) return this.ports.orders.deliver(publication);
    const room = this.ports.memberships.get(key as RoomKey);
    if (!room) return;
    const { offset } = publication;
    if (room.members.size === 0) return room.skip(offset);
    // An engine that broke its promises must not make us break ours: nothing twice, and nothing lost in silence.
    const { position } = room;
    if (offset <= position.offset) return;
    if (offset > position.offset + 1)
      this.ports.recovery.interrupted(room, { ...position, offset: offset - 1 });
    const isKept = this.ports.settings.ofKey(room.key).history !== undefined;
    // Nobody could read it: it is missing.
    if (!this.ports.bodies.isReadable(publication, isKept))
      return this.ports.recovery.interrupted(room, { ...position, offset });
    const [, id] = splitRoomKey(room.key);
    const frame = encodePublication(publication, isKept ? { room: id, offset } : { room: id });
    room.deliver(frame, publication);
  }

  interrupted(key: EngineKey, position: Position): void {
    if (key === ORDERS_KEY) return this.ports.orders.interrupted(position);
    const room = this.ports.memberships.get(key as RoomKey);
    if (!room) return;
    this.ports.recovery.interrupted(room, position);
    // Where publications are missing, who is present may be missing too, and who came and went.
    this.ports.presence.renew(room.key);
    if (this.ports.settings.ofKey(room.key).presence) this.ports.feed.interrupted(room);
  }

  told(key: EngineKey, body: string): void {
    this.ports.orders.told?.(key, body);
  }

  presence(key: EngineKey, change: PresenceChange): void {
    const room = this.ports.memberships.get(key as RoomKey);
    if (room) this.ports.feed.tell(room, change);
  }
}

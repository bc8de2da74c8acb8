import { type RoomId, type RoomKey, splitRoomKey } from '../admission/room-id.js';
import { encodeBinaryFrame, encodeTextFrame } from '../connection/frame.js';
import type {
  EngineKey,
  EngineSink,
  Position,
  PresenceChange,
  Publication,
} from './engine/engine.js';
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

/** What a member has to be told of where a publication stands. */
export interface Place {
  readonly room: RoomId;
  /** In rooms that keep a history: a member that comes back names the last one it has. */
  readonly offset?: number;
  /** In what is given again, and not live: whose offsets they are. */
  readonly epoch?: string;
}

/**
 * The bytes of one publication. Text is one frame, the body with its place added to it. Bytes have no place for one, so
 * they come right behind a text frame with it, the event `binary`.
 */
export function encodePublication({ body }: Pick<Publication, 'body'>, place: Place): Buffer {
  const members = JSON.stringify(place).slice(1);
  if (typeof body === 'string') return encodeTextFrame(`${body.slice(0, -1)},${members}`);
  return Buffer.concat([encodeTextFrame(`{"event":"binary",${members}`), encodeBinaryFrame(body)]);
}

/** Characters after which a generation is full. The one before it is kept too, then forgotten whole. */
const GENERATION_CHARS = 512 * 1024;

/**
 * Remembers the text bodies that this node has encoded or parsed lately, so that none of them is parsed again: not when the engine
 * returns a publication to its publisher, and not for each member that recovers the same page. Bodies are compared in full, so what
 * another process writes to the engine is always parsed.
 */
export class KnownBodies {
  #young = new Set<string>();
  #old = new Set<string>();
  #chars = 0;

  /** `isAlone`: no other process can publish, so every body was encoded here. */
  constructor(private readonly isAlone = false) {}

  /** The body is known to be the JSON of a message, or bytes. */
  add(body: string | Buffer): void {
    if (this.isAlone || typeof body !== 'string' || this.#young.has(body)) return;
    this.#young.add(body);
    this.#chars += body.length;
    if (this.#chars < GENERATION_CHARS) return;
    this.#old = this.#young;
    this.#young = new Set();
    this.#chars = 0;
  }

  /**
   * Whether a publication can be sent: its frame is made by adding members to its body, so the body has to be the JSON of a message,
   * or bytes. `isReadAgain`: others may ask about the same body, because the room keeps a history.
   */
  isReadable({ body }: Pick<Publication, 'body'>, isReadAgain = true): boolean {
    if (typeof body !== 'string') return true;
    if (!body.startsWith('{"event":') || !body.endsWith('}')) return false;
    if (this.isAlone || this.#young.has(body) || this.#old.has(body)) return true;
    try {
      JSON.parse(body);
    } catch {
      return false;
    }
    if (isReadAgain) this.add(body);
    return true;
  }
}

import type { RoomKey } from '../admission/room-id.js';
import { encodeTextFrame } from '../connection/frame.js';
import type { EngineKey, EngineSink } from './engine/engine.js';
import type { Publication } from './engine/publication.js';
import type { Memberships } from './membership.js';

/** The end of the one delivery path: what the engine carried here goes to the room's members on this node, encoded once. */
export class Delivery implements EngineSink {
  constructor(private readonly memberships: Memberships) {}

  deliver(key: EngineKey, publication: Publication): void {
    const room = this.memberships.get(key as RoomKey);
    if (room && room.members.size > 0)
      room.deliver(encodeTextFrame(publication.body), publication.except);
  }

  interrupted(_key: EngineKey): void {
    // Without history there is nothing to catch up with; members were never promised more than what arrives.
  }
}

import { Injectable } from '@nestjs/common';
import { type RoomAccess, RoomPolicy } from 'nestjs-roomgate';

/** Who may enter which room: whoever has the room's id in the `rooms` claim that the login wrote. */
@Injectable()
export class ChatPolicy extends RoomPolicy {
  join({ room, principal }: RoomAccess): boolean {
    const { rooms } = principal.claims;
    return Array.isArray(rooms) && rooms.includes(room);
  }
}

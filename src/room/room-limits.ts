import type { RoomKey } from '../admission/room-id.js';
import { RoomgateError } from '../core/errors.js';
import type { LocalRoom } from './local-room.js';
import type { SettingsOfRooms } from './room-settings.js';

/** How many rooms there may be on a node, and members in each. Nobody fills the memory with rooms, and none fills a room for all. */
export class RoomLimits {
  readonly #created = new Map<string, number>();

  constructor(
    private readonly settings: SettingsOfRooms,
    private readonly limits: { readonly maxRooms: number; readonly maxRoomsPerSubject: number },
  ) {}

  /** @throws RoomgateError `too_many_rooms` */
  checkNewRoom(rooms: number, creator: string | undefined): void {
    if (rooms >= this.limits.maxRooms)
      throw new RoomgateError('too_many_rooms', 'There are as many rooms as maxRooms allows.');
    if (this.#count(creator) >= this.limits.maxRoomsPerSubject)
      throw new RoomgateError(
        'too_many_rooms',
        'There are as many rooms of one subject as maxRoomsPerSubject allows.',
      );
  }

  /** Who waits at the door counts too: all of them may get in. @throws RoomgateError `room_full` */
  checkNewMember(key: RoomKey, holds: number): void {
    if (holds >= this.settings.ofKey(key).maxMembers)
      throw new RoomgateError('room_full', 'The room has as many members as it may have.');
  }

  created({ creator }: LocalRoom): void {
    if (creator !== undefined) this.#created.set(creator, this.#count(creator) + 1);
  }

  destroyed({ creator }: LocalRoom): void {
    if (creator === undefined) return;
    const left = this.#count(creator) - 1;
    if (left > 0) this.#created.set(creator, left);
    else this.#created.delete(creator);
  }

  #count(creator: string | undefined): number {
    return creator === undefined ? 0 : (this.#created.get(creator) ?? 0);
  }
}

import { type HistoryRight, type RoomAccess, RoomGateway, RoomPolicy } from 'nestjs-roomgate';

/** `subject room` pairs that may not come in. */
export const banned = new Set<string>();
/** What of the past the others may see; all of it, where nothing is said. */
export const pasts = new Map<string, HistoryRight>();

export class PastPolicy extends RoomPolicy {
  join({ room, principal }: RoomAccess): boolean {
    return !banned.has(`${principal.subject} ${room}`);
  }

  override history({ room, principal }: RoomAccess): HistoryRight {
    return pasts.get(`${principal.subject} ${room}`) ?? true;
  }
}

@RoomGateway('/:room', { policy: PastPolicy })
export class PastGateway {}

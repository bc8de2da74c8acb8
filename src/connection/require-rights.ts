import type { RoomId } from '../admission/room-id.js';
import { RoomgateError } from '../core/errors.js';
import type { RoomConnection } from './connection.js';
import type { Membership } from './connection-ports.js';

/** @throws RoomgateError `token_expired`, `authority_stale` */
export function requireLive(connection: RoomConnection): void {
  if (!connection.isLive())
    throw new RoomgateError(connection.whyMuted(), 'The connection is no longer live.');
}

/** @throws RoomgateError `not_a_member` */
export function requireMembership(connection: RoomConnection, roomId: RoomId): Membership {
  const membership = connection.memberships.find(({ room }) => room === roomId);
  if (!membership)
    throw new RoomgateError('not_a_member', 'The connection is not a member of the room.');
  return membership;
}

/** @throws RoomgateError `not_a_member`, `publish_forbidden` */
export function requirePublish(connection: RoomConnection, roomId: RoomId): void {
  if (!requireMembership(connection, roomId).rights.publish)
    throw new RoomgateError('publish_forbidden', 'The member may not publish in the room.');
}

/** @throws RoomgateError `not_a_member`, `presence_forbidden` */
export function requirePresence(connection: RoomConnection, roomId: RoomId): void {
  if (!requireMembership(connection, roomId).rights.presence)
    throw new RoomgateError('presence_forbidden', 'The member may not see who is present.');
}

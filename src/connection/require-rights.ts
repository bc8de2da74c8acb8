import type { RoomId } from '../admission/room-id.js';
import { RoomgateError } from '../roomgate.errors.js';
import type { RoomConnection } from './connection.js';

/** @throws RoomgateError `token_expired` */
export function requireLive(connection: RoomConnection): void {
  if (!connection.isLive())
    throw new RoomgateError('token_expired', 'The connection is no longer live.');
}

/** @throws RoomgateError `not_a_member`, `publish_forbidden` */
export function requirePublish(connection: RoomConnection, roomId: RoomId): void {
  const membership = connection.memberships.find(({ room }) => room === roomId);
  if (!membership)
    throw new RoomgateError('not_a_member', 'The connection is not a member of the room.');
  if (!membership.rights.publish)
    throw new RoomgateError('publish_forbidden', 'The member may not publish in the room.');
}

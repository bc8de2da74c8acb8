// Checked by `npm run typecheck` and `npm run check`, never run: Nest's starter sets `declaration`, so the compiler
// has to name the types that an app leaves to inference. It can name only what an entry of the package exports.
import {
  type AuditEvent,
  explainVerdict,
  type MembershipListener,
  type MessageContext,
  type Principal,
  type RevocationService,
  type Room,
  type RoomConnection,
  roomgateConfig,
  type RoomPublisher,
  type RoomService,
} from 'nestjs-roomgate';
import { type RedisClientLike, RoomgateRedisModule } from 'nestjs-roomgate/redis';
import type { RoomgateTestbed, TestIssuer } from 'nestjs-roomgate/testing';

export const config = roomgateConfig;
export const ofMember = {
  history: (room: Room) => room.history(),
  past: async (room: Room) => (await room.history()).publications,
  presence: (room: Room) => room.presence(),
  position: (room: Room) => room.broadcast('said'),
};
export const ofServer = {
  room: (rooms: RoomService) => rooms.room('id'),
  worker: (rooms: RoomPublisher) => rooms.room('id').broadcast('said'),
  history: (rooms: RoomService) => rooms.room('id').history(),
  presence: (rooms: RoomService) => rooms.room('id').presence(),
  present: async (rooms: RoomService) => (await rooms.room('id').presence()).members,
  reauthorize: (rooms: RoomService) => rooms.reauthorize(),
  members: (rooms: RoomService) => rooms.members('id'),
  subject: (rooms: RoomService, principal: Principal) => rooms.toSubject(principal),
  listen: (rooms: RoomService, listener: MembershipListener) => rooms.listen(listener),
};
export const ofConnection = {
  parts: ({ principal, roomId, data }: RoomConnection) => ({ principal, roomId, data }),
  claims: ({ principal }: RoomConnection) => principal.claims,
  message: (message: MessageContext) => [message.room, message.signal, message.id],
};
export const ofDoor = {
  explain: (event: AuditEvent) => explainVerdict(event),
  parts: ({ kind, reason, credential }: AuditEvent) => ({ kind, reason, credential }),
  revoke: (revocations: RevocationService, by: Principal) => revocations.revokeSubject(by),
};
export const ofModules = {
  redis: (client: RedisClientLike) => RoomgateRedisModule.forRoot({ client, namespace: 'app' }),
};
export const ofTests = {
  connect: (testbed: RoomgateTestbed) => testbed.connectAs(),
  issuer: ({ options }: TestIssuer) => options,
};

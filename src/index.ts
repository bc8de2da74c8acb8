// What an application writes in its own code. Who writes an engine finds the rest in engine.ts.

// The module and its options
export { RoomgateModule } from './module/roomgate.module.js';
export { RoomPublisherModule } from './module/room-publisher.module.js';
export type { RoomgateModuleOptions, RoomPublisherOptions } from './module/options.js';
export { roomgateConfig, withRoomgateEnv } from './module/config.js';
export { RoomgateError, type RoomgateErrorCode } from './core/errors.js';
export { RoomgateAdapter } from './adapter/roomgate.adapter.js';

// Admission
export { AUDIT_REASONS, type AuditEvent, type AuditReason, AuditSink } from './admission/audit.js';
export { explainVerdict, type VerdictExplanation } from './admission/explain-verdict.js';
export { LogAuditSink } from './admission/log-audit-sink.service.js';
export type { IssuerOptions } from './admission/admission.options.js';
export { type SeenCredential, TokenExtractor } from './admission/credential.js';
export type { Claims, Principal, Register, RegisteredClaims } from './admission/principal.js';
export { Refusal, type RefusalCode } from './admission/refusals.js';
export { parseRoomId, type RoomId } from './admission/room-id.js';
export { MemoryRevocationStore, type Revocation, RevocationStore } from './admission/revocation.js';
export { RevocationService } from './admission/revocation.service.js';
export {
  type HistoryRight,
  type RoomAccess,
  RoomPolicy,
  RoomsClaimPolicy,
} from './admission/room-policy.js';
export type { UnverifiedToken } from './admission/token.js';
export {
  KeysUnavailableError,
  TokenRefusedError,
  TokenVerifier,
} from './admission/token-verifier.js';
export type { UpgradeRequest } from './admission/upgrade-request.js';

// Connection
export { CLOSE_CODES } from './connection/system-messages.js';
export { RoomConnection } from './connection/connection.contract.js';

// Gateway
export { ClaimsGuard, type Requirements } from './gateway/claims.guard.js';
export {
  CurrentConnection,
  CurrentMessage,
  CurrentPrincipal,
  CurrentRoom,
  MessageSignal,
  RequireClaims,
  RequireScope,
  SubscribeBinary,
  Unordered,
} from './gateway/decorators.js';
export { MessageContext } from './gateway/message-context.js';
export { InvalidDataException, ParseRoomIdPipe } from './gateway/pipes.js';
export { RoomGateway, type RoomGatewayOptions } from './gateway/room-gateway.decorator.js';

// Room
export type { MembershipListener } from './room/membership.js';
export type { Reauthorized } from './room/authority.js';
export type { HistoryRequest, PastPage, PastPublication } from './room/history.js';
export { type PresenceList, Room } from './room/room.js';
export { type BroadcastOptions, ServerRoom } from './room/server-room.js';
export { RoomPublisher, RoomService } from './room/room.service.js';
export { type Position, type PresencePage, RoomEngine } from './room/engine/engine.js';
export { MemoryEngine } from './room/engine/memory/memory.engine.js';

// The module and its options
export { RoomgateModule } from './module/roomgate.module.js';
export type { RoomgateModuleExtras } from './module/providers.js';
export { type RoomPublisherExtras, RoomPublisherModule } from './module/room-publisher.module.js';
export {
  DEFAULTS,
  type RoomgateModuleOptions,
  type RoomgateOptions,
  type RoomPublisherOptions,
} from './module/options.js';
export { roomgateConfig, withRoomgateEnv } from './module/config.js';
export { ROOMGATE_OPTIONS } from './core/constants.js';
export { RoomgateError, type RoomgateErrorCode } from './core/errors.js';
export { Clock } from './core/clock.js';

// Adapter
export type { AdapterOptions } from './adapter/adapter.options.js';
export { RoomgateAdapter } from './adapter/roomgate.adapter.js';
export type { RoomServer } from './adapter/room-server.js';

// Admission
export { type AuditEvent, type AuditKind, AuditSink } from './admission/audit.js';
export { AUDIT_REASONS, type AuditReason } from './admission/audit.js';
export {
  explainVerdict,
  type ExplainOptions,
  type VerdictExplanation,
} from './admission/explain-verdict.js';
export { LogAuditSink } from './admission/log-audit-sink.service.js';
export type {
  AdmissionOptions,
  IssuerKey,
  IssuerOptions,
  PublicKeyInput,
  TokenAlgorithm,
} from './admission/admission.options.js';
export { AuthorizationHeaderExtractor, TokenExtractor } from './admission/credential.js';
export type { Claims, Principal, Register, RegisteredClaims } from './admission/principal.js';
export { Refusal, type RefusalCode, REFUSALS } from './admission/refusals.js';
export { parseRoomId, type RoomId } from './admission/room-id.js';
export { MemoryRevocationStore, type Revocation, RevocationStore } from './admission/revocation.js';
export { RevocationService, type SubjectRef } from './admission/revocation.service.js';
export {
  type HistoryRight,
  type RoomAccess,
  RoomPolicy,
  type RoomRights,
  RoomsClaimPolicy,
} from './admission/room-policy.js';
export {
  CREDENTIAL_PLACES,
  CREDENTIAL_SHAPES,
  type CredentialPlace,
  type CredentialShape,
  type SeenCredential,
} from './admission/credential.js';
export type { UnverifiedToken } from './admission/token.js';
export {
  KeysUnavailableError,
  TokenRefusedError,
  TokenVerifier,
} from './admission/token-verifier.js';
export type { UpgradeRequest } from './admission/upgrade-request.js';

// Connection
export { CLOSE_CODES, type CloseRow } from './connection/system-messages.js';
export { type ConnectionData, RoomConnection } from './connection/connection.contract.js';
export type { SlowConsumerPolicy } from './connection/slow-consumer.js';
export type { ConnectionOptions } from './connection/connection.options.js';

// Gateway
export { ClaimsGuard, type Requirements } from './gateway/claims.guard.js';
export {
  CurrentConnection,
  CurrentMessage,
  MessageSignal,
  CurrentPrincipal,
  CurrentRoom,
} from './gateway/decorators.js';
export { DefaultRoomGateway } from './gateway/default-room.gateway.js';
export { type ExceptionBody, type ExceptionCode, EXCEPTIONS } from './gateway/exceptions.js';
export type { GatewayOptions } from './gateway/gateway.options.js';
export { MessageContext } from './gateway/message-context.js';
export { InvalidDataException } from './gateway/pipes.js';
export { ParseRoomIdPipe } from './gateway/pipes.js';
export { RequireClaims, RequireScope, Unordered } from './gateway/decorators.js';
export { SubscribeBinary } from './gateway/decorators.js';
export { RoomGateway, type RoomGatewayOptions } from './gateway/room-gateway.decorator.js';
export { RoomgateFilter } from './gateway/roomgate.filter.js';

// Room
export type { MembershipListener } from './room/membership.js';
export type { Reauthorized } from './room/authority.js';
export type { HistoryRequest, PastPage, PastPublication } from './room/history.js';
export { type PresenceList, Room } from './room/room.js';
export { type BroadcastOptions, ServerRoom } from './room/server-room.js';
export type {
  PresenceDescription,
  PresenceOptions,
  RoomNameOptions,
  RoomOptions,
} from './room/room.options.js';
export { RoomPublisher, RoomService } from './room/room.service.js';
export { type EngineKey, type EngineSink, RoomEngine } from './room/engine/engine.js';
export { MemoryEngine } from './room/engine/memory/memory.engine.js';
export type {
  PresenceChange,
  PresenceEntry,
  PresencePage,
  PresentMember,
} from './room/engine/engine.js';
export type {
  HistoryLimits,
  HistoryPage,
  Position,
  Publication,
  PublishOptions,
  ReadRange,
} from './room/engine/engine.js';

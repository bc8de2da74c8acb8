import type { Audit, AuditEvent, AuditReason } from '../admission/audit.js';
import type { Revocation } from '../admission/revocation.js';
import type { ServerConnection } from './connection.js';
import { CLOSE_CODES, type CloseName } from './system-messages.js';

type Snake<S extends string> = S extends `${infer First} ${infer Rest}`
  ? `${First}_${Snake<Rest>}`
  : S;
/** The reasons of our closes are those that clients are told, spelled as reasons are. */
type CloseReason = Snake<(typeof CLOSE_CODES)[CloseName]['reason']>;

const KICKS = {
  token: 'token_revoked',
  session: 'session_revoked',
  subject: 'subject_revoked',
  block: 'subject_blocked',
  unblock: 'subject_unblocked',
} as const satisfies Record<Revocation['kind'], AuditReason>;

const NO_CLOSE_FRAME = 1006;

/** What becomes of connections, as audit events. */
export class ConnectionAudit {
  constructor(private readonly audit: Audit) {}

  admitted(connection: ServerConnection): void {
    this.#record(connection, 'admitted', 'admitted');
  }

  refreshed(connection: ServerConnection): void {
    this.#record(connection, 'refreshed', 'refreshed');
  }

  refreshRefused(connection: ServerConnection, reason: AuditReason): void {
    this.#record(connection, 'refresh_refused', reason);
  }

  /** A room whose right was lost. */
  left(connection: ServerConnection, reason: AuditReason): void {
    this.#record(connection, 'left', reason);
  }

  /** A kick; its close follows. */
  revoked(connection: ServerConnection, kind: Revocation['kind']): void {
    this.#record(connection, 'revoked', KICKS[kind]);
  }

  /** `code` is what the other side closed with, or answered our close with: it may say anything. */
  closed(connection: ServerConnection, code: number): void {
    const { ended = code } = connection;
    const closeCode = typeof ended === 'number' ? ended : ended.code;
    this.#record(connection, 'closed', reasonOf(connection.ended, code), closeCode);
  }

  #record(
    { id, principal, roomName }: ServerConnection,
    kind: AuditEvent['kind'],
    reason: AuditReason,
    closeCode?: number,
  ): void {
    const { issuer, subject } = principal;
    this.audit.record({ kind, reason, connectionId: id, issuer, subject, roomName, closeCode });
  }
}

function reasonOf(ended: ServerConnection['ended'], code: number): AuditReason {
  if (ended === undefined) return code === NO_CLOSE_FRAME ? 'connection_lost' : 'closed_by_client';
  if (typeof ended === 'object') {
    const reason: AuditReason = ended.reason.replaceAll(' ', '_') as CloseReason;
    return reason;
  }
  // Those between belong to ws: a protocol error, text that is not UTF-8, too many fragments.
  return ended > CLOSE_CODES.normal.code && ended < 3000 ? 'protocol_error' : 'closed_by_app';
}

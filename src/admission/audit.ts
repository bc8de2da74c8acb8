import type { Clock } from '../core/clock.js';
import { hasJwt, type SeenCredential } from './credential.js';
import type { RefusalCode } from './refusals.js';

/**
 * A decision about somebody's authority. It holds no token, no claims and no address. Of what a stranger sent it holds a refused
 * Host or Origin alone, cut to 64 characters of printable ASCII.
 */
export interface AuditEvent {
  /** What happened. `revoked` is a kick, `left` a right that was lost, `refused` a "no" before the 101 or to a logout token. */
  readonly kind:
    'admitted' | 'refused' | 'closed' | 'refreshed' | 'refresh_refused' | 'left' | 'revoked';
  readonly reason: AuditReason;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly connectionId?: string;
  /** Of a verified token; absent while nothing is verified. */
  readonly issuer?: string;
  readonly subject?: string;
  readonly roomName?: string;
  /** The HTTP status of a refusal. */
  readonly status?: number;
  /** The close code (RFC 6455). */
  readonly closeCode?: number;
  /** Why the application's own verifier refused, at most 64 characters of printable ASCII. */
  readonly remark?: string;
  /** Of a refused request, and of a logout token that was obeyed: the same UUID as `requestId` and `X-Request-Id` of the HTTP answer and as in the log line. */
  readonly requestId?: string;
  /** Where a refused request had a credential, and in what shape; for refusals about credentials alone. */
  readonly credential?: SeenCredential;
  /** The Host or Origin that was refused, as it arrived, at most 64 characters of printable ASCII. */
  readonly seen?: string;
  /** The Host that arrived with a refused Origin, in the same form. */
  readonly host?: string;
  /** The scopes that the gateway asks for, of `insufficient_scope`. */
  readonly scope?: string;
  /** Milliseconds since a verified token expired, until it begins, or over `maxTokenLifeMs`, by the clock of this server. */
  readonly offByMs?: number;
}

/** Where decisions are written down. Replace it through `RoomgateModule.forRoot({ auditSink })`; the default writes to Nest's logger. */
export abstract class AuditSink {
  /** Called in the turn of the decision, so it has to be quick; one that throws or rejects loses that event and nothing else. */
  abstract record(event: AuditEvent): void;
}

/** The way to the sink: gives events their time, and lets nothing come back from it. */
export class Audit {
  constructor(
    private readonly sink: AuditSink,
    private readonly clock: Clock,
    /** Hears of a sink that fails. */
    private readonly failed: (error: unknown) => void = () => undefined,
  ) {}

  record(event: Omit<AuditEvent, 'at'>): void {
    try {
      // A method that is async fits the type as well.
      const done = this.sink.record(Object.assign(event, { at: this.clock.now() })) as unknown;
      if (done instanceof Promise) done.catch(this.failed);
    } catch (error) {
      // Whoever keeps the log must not decide who gets in.
      this.failed(error);
    }
  }
}

/** Words of the application for an event, which may have been put together from a token: short, and one plain line. */
export function cutRemark(text: unknown): string {
  if (typeof text !== 'string') return typeof text;
  return text.slice(0, 64).replaceAll(/[^\x20-\x7e]/g, '?');
}

/** A Host or an Origin for an event: without path, query and user, and not at all where it could be a token. */
export function cutAddress(text: string | undefined): string | undefined {
  if (text === undefined || hasJwt(text)) return undefined;
  const [, scheme = '', authority = ''] = /^([a-z][a-z\d+.-]*:\/\/)?([^/?#]*)/i.exec(text) ?? [];
  const address = scheme + authority.slice(authority.lastIndexOf('@') + 1);
  return cutRemark(address);
}

/**
 * Every reason an audit event can have, with what it means. Stable: match on it, count by it. A refusal has the code of its
 * answer, or a more exact reason that the client is not told.
 */
export const AUDIT_REASONS = {
  admitted: 'Everything was in order.',

  draining: 'The server was shutting down.',
  not_found: 'No gateway serves the address.',
  method_not_allowed: 'A room was asked for by another method than GET.',
  bad_request: 'The request was not plain HTTP/1.1 with one Host and no body.',
  bad_upgrade: 'The WebSocket headers of the request were not well formed.',
  upgrade_required: 'A room was asked for without an upgrade.',
  host_not_allowed: 'The Host is not in `allowedHosts`.',
  origin_not_allowed: 'The Origin is neither our own nor in `allowedOrigins`.',
  origin_doubled: 'The request had more than one Origin.',
  token_in_query: 'A token was in the query string, by name or by shape.',
  multiple_credentials: 'The request had more than one credential.',
  malformed_authorization: 'The Authorization header was not one bearer token.',
  unsupported_scheme: 'The Authorization header used another scheme than Bearer.',
  no_token: 'The request had no bearer token.',
  extractor_failed: 'The `TokenExtractor` threw, or answered neither a token nor a refusal.',

  token_invalid: 'The token was not valid, and nothing more exact is known.',
  token_too_long: 'The token had more than `maxTokenBytes`.',
  token_parts: 'The token did not have three parts.',
  token_encoding: 'A part of the token was not canonical base64url of UTF-8.',
  token_json: 'A part of the token was not a JSON object, or repeated a member.',
  token_header: 'The header of the token had a member that steers verification, or an odd one.',
  issuer: 'The issuer of the token is not configured.',
  algorithm: 'The algorithm of the token is not one of its issuer.',
  type: 'The `typ` of the token is not one of its issuer.',
  development_key: 'A development key was named in strict mode.',
  key: 'No key of the issuer fits the token.',
  audience: 'The token says that it is meant for somebody else; its signature was not looked at.',
  signature: 'The signature of the token is that of no fitting key.',
  verifier_refused: "The application's own `TokenVerifier` refused; `remark` has its words, cut.",
  verifier_failed: 'The `TokenVerifier` threw something else than its own errors.',
  logout_token: 'A logout token was shown at the door.',
  claim_iss: 'The `iss` claim was missing or odd.',
  claim_sub: 'The `sub` claim was missing, too long or odd.',
  claim_exp: 'The `exp` claim was missing or odd.',
  claim_iat: 'The `iat` claim was missing, odd or in the future.',
  claim_nbf: 'The `nbf` claim was odd or in the future.',
  claim_type: 'The `jti`, `sid` or `scope` claim was not text.',
  token_life: 'The token lived longer than `maxTokenLifeMs`.',
  token_expired: 'The token had expired.',
  token_not_yet_valid: 'The token was not valid yet.',
  token_revoked: 'The token was revoked, by whatever kind of revocation, or by itself.',
  keys_unavailable: 'The keys of the issuer could not be had.',
  authority_stale: 'Revocations had been unconfirmed for `maxAuthorityStalenessMs`.',
  verdict_timeout: 'The verdict took longer than `verdictDeadlineMs`.',
  insufficient_scope: 'The token lacked a scope of the gateway.',
  room_forbidden: 'The room policy said no, or does not say yes any more.',
  policy_failed: 'The room policy threw.',
  too_many_upgrades: 'Too many upgrades waited, or came from one address.',
  too_many_connections: 'The subject had as many connections as it may have.',
  room_full: 'The room had as many members as it may have on this node.',
  too_many_rooms: 'The node, or the subject, had as many rooms as it may have.',
  engine_unavailable: 'The engine could not subscribe the room.',
  unavailable: 'The decision could not be made, or was overtaken too often.',
  admission_failed: 'Admission failed in a way it should not.',
  gone_before_the_verdict: 'The peer had gone before the verdict.',
  expired_at_the_door: 'The token expired while the verdict was awaited.',
  revoked_at_the_door: 'The token was revoked while the verdict was awaited.',
  rights_changed: 'Rights were asked for anew, or a room closed, while the verdict was awaited.',

  refreshed: 'A new token was accepted for an open connection.',
  identity_changed: 'The new token was of another issuer, subject or identity claim.',
  token_older: 'The new token was issued before the one it was to replace.',
  refresh_in_progress: 'Another refresh of the connection was being decided.',

  session_revoked: 'The session of the token was revoked.',
  subject_revoked: 'What the subject was issued until a time was revoked.',
  subject_blocked: 'The subject was blocked.',
  subject_unblocked: 'The subject was unblocked.',
  logged_out: 'A logout token of the issuer was obeyed.',
  logout_request: 'A logout request was not a form with one logout token, or too big.',
  logout_refused: 'A logout token was not believed; `remark` has the exact reason.',
  logout_claims: 'A logout token lacked a claim, or had one it must not have.',
  logout_replayed: 'A logout token had been obeyed before.',
  logout_busy: 'Too many logout requests were being decided, or came from one address.',
  logout_unavailable: 'A logout token could not be checked or kept; its issuer may try again.',

  normal: 'The connection was closed as it should be.',
  going_away: 'The connection reached `maxConnectionMs`.',
  message_timeout: 'A message was begun and not finished within `messageTimeoutMs`.',
  message_too_big: 'A message exceeded `maxMessageBytes`.',
  internal_error: 'A hook of the application failed or did not settle.',
  restart: 'The server shut down.',
  overloaded: 'The server had too much to do.',
  bad_messages: 'Too many messages were not ours in shape or event.',
  room_closed: 'The application closed the room.',
  no_pong: 'Nothing came within `pongTimeoutMs` of a ping.',
  replaced: 'The subject opened more connections than it may have, and this was its oldest.',
  rate_limit: 'More messages came than the rate allows, although it was said.',
  slow_consumer: 'The reader took nothing of what waited for it.',
  signed_out: 'The authority was revoked, or the application disconnected the principal.',
  protocol_error: 'What was received was not RFC 6455.',
  closed_by_app: 'The application closed the connection with a code of its own.',
  closed_by_client: 'The client closed the connection.',
  connection_lost: 'The connection ended without a close.',
} as const satisfies Record<RefusalCode, string> & Record<string, string>;

/** A key of {@link AUDIT_REASONS}. */
export type AuditReason = keyof typeof AUDIT_REASONS;

export function isAuditReason(text: unknown): text is AuditReason {
  return typeof text === 'string' && Object.hasOwn(AUDIT_REASONS, text);
}

import { AUDIT_REASONS, type AuditEvent, type AuditReason, REFUSALS } from 'nestjs-roomgate';

const CHANGES: Partial<Record<AuditReason, string>> = {
  no_token: 'send the header Authorization: Bearer <token>',
  token_in_query: 'move the token from the URL to the Authorization header',
  multiple_credentials: 'send one Authorization header with one token',
  malformed_authorization: 'write the header as Authorization: Bearer <token>',
  token_expired: 'get a new token: npm run -s token',
  token_revoked: 'sign in again: npm run -s token',
  signature: 'use a token of this checkout: npm run -s token',
  issuer: 'use a token of this checkout: npm run -s token',
  room_forbidden: 'name the room in the token: npm run -s token -- --room <uuid>',
  insufficient_scope: 'ask the login for the scope that is missing',
  origin_not_allowed: 'list the page in ROOMGATE_ALLOWED_ORIGINS',
  host_not_allowed: 'list the host in ROOMGATE_ALLOWED_HOSTS',
  upgrade_required: 'open the room with a WebSocket client: npm run chat',
  not_found: 'use the room URL that npm start prints',
  signed_out: 'the token was revoked; sign in again',
  connection_lost: 'no close came; come back with the position',
};

/** What to change after an event, or what it means, in one short sentence. */
export function explain({ kind, reason }: AuditEvent): string {
  // The connection had a good token, and let it run out.
  if (kind === 'closed' && reason === 'token_expired') return 'send auth.refresh in time';
  const refusal = Object.entries(REFUSALS).find(([code]) => code === reason);
  return CHANGES[reason] ?? refusal?.[1].detail ?? AUDIT_REASONS[reason];
}

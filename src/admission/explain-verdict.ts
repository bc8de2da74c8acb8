import { AUDIT_REASONS, type AuditEvent, type AuditReason } from './audit.js';
import { ADMISSION_RULES } from './admission.options.js';
import { CREDENTIAL_PLACES, CREDENTIAL_SHAPES, type SeenCredential } from './credential.js';

interface Advice {
  /** Row of the verdict table; absent for what happens to open connections. */
  readonly row?: number;
  /** The claim, header, option or class at fault. */
  readonly at?: string;
  /** What to change, for the one who can. */
  readonly change: string;
}

const HEADER = 'Send the token as "Authorization: Bearer <token>" with the upgrade request.';
const NEW_TOKEN = 'Get a new token from the issuer and connect again.';
const ISSUER_CLAIM = 'Have the issuer write the claim as RFC 7519 and RFC 9068 say.';
const COME_BACK = 'Nothing: connect again after the time in Retry-After.';
const NOTHING = 'Nothing.';

/** What stands behind every reason of {@link AUDIT_REASONS}; the sentence about the reason itself stands there. */
const ADVICE = {
  admitted: { row: 15, change: NOTHING },
  draining: { row: 1, change: COME_BACK },
  not_found: {
    row: 2,
    at: 'the path',
    change:
      'Use the path of a @RoomGateway with a UUID for ":room", and "Upgrade: websocket"; mind the global prefix.',
  },
  method_not_allowed: { row: 3, at: 'the method', change: 'Open a WebSocket with GET.' },
  bad_request: {
    row: 3,
    at: 'the request line, Host or the body',
    change: 'Send HTTP/1.1 with a path as target, one Host, no body and fewer than 1,000 headers.',
  },
  bad_upgrade: {
    row: 3,
    at: 'headers Sec-WebSocket-Key and Sec-WebSocket-Version',
    change:
      'Use a WebSocket client of version 13; a proxy has to pass the Sec-WebSocket headers on.',
  },
  upgrade_required: {
    row: 3,
    at: 'headers Connection and Upgrade',
    change:
      'Open the address with a WebSocket client. A proxy has to pass Connection and Upgrade on: proxy_set_header Upgrade $http_upgrade.',
  },
  host_not_allowed: {
    row: 4,
    at: 'header Host',
    change: 'Add the Host to "allowedHosts", or have the proxy send the Host of the client.',
  },
  origin_not_allowed: {
    row: 4,
    at: 'header Origin',
    change: 'Add the Origin to "allowedOrigins", or have the proxy send the Host of the client.',
  },
  origin_doubled: { row: 4, at: 'header Origin', change: 'Send at most one Origin.' },
  too_many_upgrades: {
    row: 5,
    change:
      'Connect again later. One address has at most 5 % of "maxPendingUpgrades": behind a proxy set "trustProxyHops" to tell clients apart. Where many are expected, raise "maxPendingUpgrades" or the limits by address.',
  },
  token_in_query: { row: 6, at: 'the query string', change: HEADER },
  multiple_credentials: {
    row: 6,
    at: 'header Authorization',
    change: 'Send one bearer token once.',
  },
  malformed_authorization: { row: 6, at: 'header Authorization', change: HEADER },
  unsupported_scheme: { row: 7, at: 'header Authorization', change: HEADER },
  no_token: { row: 7, at: 'header Authorization', change: HEADER },
  extractor_failed: {
    row: 7,
    at: 'the TokenExtractor of the application',
    change: 'Mend the extractor: it returns a token or a Refusal, and does not throw.',
  },

  token_invalid: { row: 8, change: NEW_TOKEN },
  token_too_long: {
    row: 8,
    at: 'the token',
    change: 'Have the issuer put less into the token, or raise "maxTokenBytes".',
  },
  token_parts: {
    row: 8,
    at: 'the token',
    change: 'Send a signed JWT (header.claims.signature); opaque tokens need a TokenVerifier.',
  },
  token_encoding: {
    row: 8,
    at: 'the token',
    change:
      'Send the token exactly as the issuer wrote it; it may have been cut or changed on the way.',
  },
  token_json: {
    row: 8,
    at: 'the token',
    change: 'Have the issuer write header and claims as JSON objects that name each member once.',
  },
  token_header: {
    row: 8,
    at: "the token's header",
    change: 'Have the issuer leave out crit, b64, jwk, jku, x5u and x5c, and keep kid short.',
  },
  issuer: {
    row: 8,
    at: 'claim iss',
    change:
      'Compare the iss of the token with "issuers[].issuer": both have to be equal to the letter, a slash at the end included.',
  },
  algorithm: {
    row: 8,
    at: "alg of the token's header",
    change: 'Add the algorithm that the issuer signs with to "issuers[].algorithms".',
  },
  type: {
    row: 8,
    at: "typ of the token's header",
    change:
      'Send an access token, not an ID or refresh token; another type has to be listed in "issuers[].typ".',
  },
  development_key: {
    row: 8,
    at: "kid of the token's header",
    change: 'Use a key that was not made for development, or set NODE_ENV=development.',
  },
  key: {
    row: 8,
    at: "kid and alg of the token's header",
    change: 'Add the key that the issuer signs with now to "issuers[].keys", under its kid.',
  },
  audience: {
    row: 8,
    at: 'claim aud',
    change:
      'Ask the issuer for a token for this server, or set "issuers[].audience" to what the issuer writes into aud.',
  },
  signature: {
    row: 8,
    at: "the token's signature",
    change:
      'Compare the key of the issuer with "issuers[].keys"; the token may also have been changed on the way.',
  },
  verifier_refused: {
    row: 8,
    at: 'the TokenVerifier of the application',
    change: 'Look up the words of the verifier, which stand in "remark".',
  },
  verifier_failed: {
    row: 8,
    at: 'the TokenVerifier of the application',
    change:
      'Mend the verifier: it throws TokenRefusedError or KeysUnavailableError and nothing else.',
  },
  logout_token: { row: 8, at: 'claim events', change: 'Send an access token, not a logout token.' },
  claim_iss: { row: 8, at: 'claim iss', change: ISSUER_CLAIM },
  claim_sub: { row: 8, at: 'claim sub', change: ISSUER_CLAIM },
  claim_exp: { row: 8, at: 'claim exp', change: ISSUER_CLAIM },
  claim_iat: {
    row: 8,
    at: 'claim iat',
    change: 'Have the issuer write iat in seconds, and compare the clocks of issuer and server.',
  },
  claim_nbf: {
    row: 8,
    at: 'claim nbf',
    change: 'Wait until the token begins, and compare the clocks of issuer and server.',
  },
  claim_type: { row: 8, at: 'claim jti, sid or scope', change: ISSUER_CLAIM },
  token_life: {
    row: 8,
    at: 'claims exp and iat',
    change: 'Have the issuer sign for a shorter time, or raise "maxTokenLifeMs".',
  },
  token_expired: {
    row: 8,
    at: 'claim exp',
    change:
      'Get a new token from the issuer. If that is refused too, compare the clocks of issuer and server.',
  },
  token_not_yet_valid: {
    row: 8,
    at: 'claim nbf or iat',
    change: 'Compare the clocks of issuer and server.',
  },
  token_revoked: { row: 8, at: 'the revocation store', change: 'Sign in again.' },
  keys_unavailable: {
    row: 9,
    at: 'the keys of the issuer',
    change: 'Look whether the key service of the issuer can be reached from this server.',
  },
  authority_stale: {
    row: 9,
    at: 'the RevocationStore',
    change: 'Look whether the revocation store can be reached from this server.',
  },
  verdict_timeout: {
    row: 9,
    at: 'the verifier, the policy or the engine',
    change: 'Make what is slow answer sooner, or raise "verdictDeadlineMs".',
  },
  insufficient_scope: {
    row: 10,
    at: 'claim scope',
    change: 'Ask the issuer for a token with the scopes of the gateway.',
  },
  too_many_connections: {
    row: 11,
    at: 'the subject',
    change:
      'Close connections that are not needed, raise "maxConnectionsPerSubject", or set "onTooManyConnections" to "replace-oldest".',
  },
  room_forbidden: {
    row: 12,
    at: 'the RoomPolicy',
    change:
      'Give the principal the room: by the "rooms" claim, or in the policy of the gateway if it has one.',
  },
  policy_failed: {
    row: 12,
    at: 'the RoomPolicy',
    change: 'Mend the policy; its error stands in the log with the same request id.',
  },
  room_full: { row: 13, change: 'Connect again later, or raise "maxMembersPerRoom".' },
  too_many_rooms: {
    row: 13,
    change: 'Connect again later, or raise "maxRooms" or "maxRoomsPerSubject".',
  },
  engine_unavailable: {
    row: 13,
    at: 'the RoomEngine',
    change: 'Look whether the engine, usually Redis, can be reached from this server.',
  },
  unavailable: { row: 9, change: COME_BACK },
  admission_failed: {
    row: 9,
    at: 'roomgate',
    change: 'Report it with the error that stands in the log under the same request id.',
  },
  gone_before_the_verdict: {
    row: 9,
    at: 'the client',
    change: 'Nothing, unless it happens often: then the client gives up too early.',
  },
  expired_at_the_door: { row: 14, at: 'claim exp', change: NEW_TOKEN },
  revoked_at_the_door: { row: 14, at: 'the revocation store', change: 'Sign in again.' },
  rights_changed: { row: 14, change: 'Nothing: connect again.' },

  refreshed: { change: NOTHING },
  identity_changed: {
    at: 'claims iss, sub and "identityClaims"',
    change: 'Refresh with a token of the same subject; open a new connection for another one.',
  },
  token_older: { at: 'claim iat', change: 'Refresh with a token that was issued later.' },
  refresh_in_progress: { change: 'Wait for the answer to one refresh before sending another.' },

  session_revoked: { change: 'Sign in again.' },
  subject_revoked: { change: 'Sign in again.' },
  subject_blocked: { change: 'Nothing: somebody blocked the subject with RevocationService.' },
  subject_unblocked: { change: NOTHING },
  logged_out: { change: 'Sign in again.' },
  logout_request: { change: 'Have the issuer POST a form with one logout_token of at most 8 KiB.' },
  logout_refused: {
    change: 'Look up the reason in "remark": the logout token is verified as other tokens are.',
  },
  logout_claims: { change: 'Have the issuer write iat, exp, jti, events, and sub or sid.' },
  logout_replayed: { change: NOTHING },
  logout_busy: { change: 'Have the issuer send the logout token again later.' },
  logout_unavailable: {
    change: 'Look whether keys and revocation store can be reached from this server.',
  },

  normal: { change: NOTHING },
  going_away: { change: 'Nothing: connect again.' },
  message_timeout: { change: 'Send a message in one piece, or raise "messageTimeoutMs".' },
  message_too_big: { change: 'Send less at a time, or raise "maxMessageBytes".' },
  internal_error: { change: 'Mend the hook; its error stands in the log.' },
  restart: { change: 'Nothing: connect again after the time in "goodbye".' },
  overloaded: { change: 'Nothing: connect again after the time in "goodbye".' },
  bad_messages: { change: 'Send { "event": …, "data": … } with events that the gateway handles.' },
  room_closed: { change: NOTHING },
  no_pong: { change: 'Have the client answer pings; a proxy may have lost the connection.' },
  replaced: {
    change: 'Close connections that are not needed, or raise "maxConnectionsPerSubject".',
  },
  rate_limit: {
    change: 'Send fewer messages, or raise "maxMessagesPerWindow" and "messageBurst".',
  },
  slow_consumer: { change: 'Read faster, send less to the client, or raise "maxOutboxBytes".' },
  signed_out: { change: 'Sign in again.' },
  protocol_error: { change: 'Use a client that speaks RFC 6455.' },
  closed_by_app: { change: NOTHING },
  closed_by_client: { change: NOTHING },
  connection_lost: { change: 'Nothing: connect again.' },
} as const satisfies Record<AuditReason, Advice>;

/** Why a verdict was what it was, and what to change. It holds no token, claim, header value or address but a refused Host or Origin. */
export interface VerdictExplanation {
  readonly reason: AuditReason;
  /** Row of the verdict table in PROTOCOL.md, 1 to 15; absent for what happens to open connections. */
  readonly row?: number;
  /** What was wrong: one or two sentences. */
  readonly what: string;
  /** The claim, header, option or class at fault. */
  readonly at?: string;
  /** What was seen of a credential and where, or the Host and the Origin that were refused. */
  readonly seen?: string;
  /** What to change, in one or two sentences. */
  readonly change: string;
  /** Of a refused request: also in the answer, in the log line and in the audit event. */
  readonly requestId?: string;
}

/** What may be said about the configuration, where the reader is the developer. */
export interface ExplainOptions {
  /** The configured issuers, to compare with the `iss` of a token. Default: not named. */
  readonly issuers?: readonly string[];
}

/**
 * Explains an audit event: the row of the verdict table, the claim or header at fault, where a credential was seen and in what shape,
 * and what to change. Pure: it knows the event and the tables of reasons and shapes, and nothing of the request.
 *
 * @example
 * ```ts
 * import { type AuditEvent, AuditSink, explainVerdict } from 'nestjs-roomgate';
 *
 * export class ConsoleSink extends AuditSink {
 *   record(event: AuditEvent): void {
 *     const { what, change, requestId } = explainVerdict(event);
 *     if (event.kind === 'refused') console.warn(`${requestId}: ${what} ${change}`);
 *   }
 * }
 * ```
 */
export function explainVerdict(
  event: Omit<AuditEvent, 'at'>,
  options: ExplainOptions = {},
): VerdictExplanation {
  const { reason, requestId, offByMs } = event;
  const advice: Advice = ADVICE[reason];
  return {
    reason,
    row: event.kind === 'refused' || event.kind === 'admitted' ? advice.row : undefined,
    what: [AUDIT_REASONS[reason], ...(offByMs === undefined ? [] : [timeOf(reason, offByMs)])].join(
      ' ',
    ),
    at: advice.at,
    seen: seenIn(event),
    change: changeOf(event, advice, options),
    requestId,
  };
}

/** Where a credential was seen in words, for a developer; undefined when it is where it belongs and well formed. */
export function adviseOnCredential(credential: SeenCredential): string | undefined {
  const { place, shape } = credential;
  if (place === 'authorization' && shape === 'bearer') return undefined;
  return `Seen: ${credentialText(credential)}. ${changeOfCredential(credential)}`;
}

function timeOf(reason: AuditReason, offByMs: number): string {
  const seconds = Math.round(offByMs / 1000);
  if (reason === 'token_life') return `It would live ${seconds} s longer.`;
  if (reason === 'token_expired') return `By the clock of this server it expired ${seconds} s ago.`;
  return `By the clock of this server that time is ${seconds} s ahead.`;
}

function seenIn({ credential, seen, host, reason }: Omit<AuditEvent, 'at'>): string | undefined {
  if (credential) return credentialText(credential);
  if (seen === undefined) return undefined;
  if (reason === 'host_not_allowed') return `Host ${JSON.stringify(seen)}`;
  const atHost = host === undefined ? '' : ` at Host ${JSON.stringify(host)}`;
  return `Origin ${JSON.stringify(seen)}${atHost}`;
}

function credentialText({ place, shape, name }: SeenCredential): string {
  if (place === 'none') return 'no credential';
  const where = CREDENTIAL_PLACES[place];
  return `${CREDENTIAL_SHAPES[shape].seen} ${where}${name === undefined ? '' : ` (${name})`}`;
}

const CHANGE_OF_PLACE: Partial<Record<SeenCredential['place'], string>> = {
  query: HEADER,
  header: HEADER,
  body: `${HEADER} A body is not read.`,
  cookie: `${HEADER} Cookies are not read.`,
  subprotocol: `${HEADER} Subprotocols are not read.`,
  none: `${HEADER} A browser cannot: its WebSocket sends no headers of its own.`,
};

function changeOfCredential({ place, shape }: SeenCredential): string {
  const row: { readonly seen: string; readonly change?: string } = CREDENTIAL_SHAPES[shape];
  return CHANGE_OF_PLACE[place] ?? row.change ?? HEADER;
}

/** Reasons that say no more than that there was no credential where and as it has to be. */
const ABOUT_PLACE: readonly AuditReason[] = [
  'no_token',
  'malformed_authorization',
  'unsupported_scheme',
  'multiple_credentials',
  'token_in_query',
];

function changeOf(
  { reason, credential, seen, scope }: Omit<AuditEvent, 'at'>,
  { change }: Advice,
  { issuers = [] }: ExplainOptions,
): string {
  if (credential && (ABOUT_PLACE.includes(reason) || credential.shape === 'placeholder'))
    return changeOfCredential(credential);
  // Not every Host or Origin can be listed: boot would refuse the line.
  const canList = (option: 'allowedHosts' | 'allowedOrigins'): boolean =>
    seen !== undefined && ADMISSION_RULES[option]([seen]) === undefined;
  if (reason === 'host_not_allowed' && canList('allowedHosts'))
    return `${change} The line to add: allowedHosts: [${JSON.stringify(seen)}].`;
  if (reason === 'origin_not_allowed' && canList('allowedOrigins'))
    return `${change} The line to add: allowedOrigins: [${JSON.stringify(seen)}].`;
  if (reason === 'issuer' && issuers.length > 0)
    return `${change} Configured: ${issuers.map((each) => JSON.stringify(each)).join(', ')}.`;
  if (reason === 'insufficient_scope' && scope !== undefined)
    return `${change} Needed: ${JSON.stringify(scope)}.`;
  return change;
}

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type AuditEvent, cutAddress, cutRemark, isAuditReason } from '../admission/audit.js';
import { seeBody, seeCredential, type SeenCredential } from '../admission/credential.js';
import { adviseOnCredential } from '../admission/explain-verdict.js';
import { type Refusal, type RefusalCode, REFUSALS } from '../admission/refusals.js';
import { headerValues } from '../admission/upgrade-request.js';
import { forgetLastMatch } from '../core/bounded-cache.js';
import { type Chance, systemChance } from '../core/chance.js';
import { splitTarget } from './upgrade-checks.js';

export interface RefusalResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface RefusalOptions {
  readonly realm: string;
  readonly retryAfterMs: number;
}

// A peer that goes on sending would have our answer thrown away by a reset; so its bytes are read for a moment.
const LINGER_MS = 1_000;

/**
 * A refusal as HTTP (RFC 9110), its challenge (RFC 6750 §3) and its body (RFC 9457). The request id is ours. `hint` is put after the
 * detail: what a developer may be told and the client of a stranger may not.
 */
export function renderRefusal(
  refusal: Refusal,
  { realm, retryAfterMs }: RefusalOptions,
  requestId: string,
  hint?: string,
  chance: Chance = systemChance,
): RefusalResponse {
  const { status, challenge, retry } = refusal.row;
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({
    type: 'about:blank',
    title,
    status,
    code: refusal.code,
    detail: hint === undefined ? refusal.detail : `${refusal.detail} ${hint}`,
    requestId,
  });
  const headers: Record<string, string> = {
    Connection: 'close',
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
  };
  if (challenge) {
    headers['WWW-Authenticate'] = [
      `Bearer realm="${realm}"`,
      ...(challenge === 'none' ? [] : [`error="${challenge}"`]),
      ...(refusal.scope ? [`scope="${refusal.scope}"`] : []),
    ].join(', ');
  }
  if (retry) headers['Retry-After'] = String(Math.ceil((retryAfterMs * (1 + chance())) / 1000));
  if (status === 405) headers['Allow'] = 'GET';
  if (status === 426) {
    headers['Upgrade'] = 'websocket';
    // RFC 9110 §7.8: who sends Upgrade names it here, too.
    headers['Connection'] = 'Upgrade, close';
  }
  if (refusal.code === 'bad_upgrade') headers['Sec-WebSocket-Version'] = '13';
  return { status, headers, body };
}

/** The arguments of `renderRefusal`, and the method of the request: the answer to HEAD has no body (RFC 9110 §9.3.2). */
export interface RefusalAnswer {
  readonly refusal: Refusal;
  readonly options: RefusalOptions;
  readonly requestId: string;
  readonly hint?: string;
  readonly method?: string;
}

/** Answers an upgrade request with the refusal and lets the socket go. */
export function writeRefusal(socket: Duplex, answer: RefusalAnswer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const text = withDate(textOf(answer));
  socket.end(answer.method === 'HEAD' ? text.slice(0, text.indexOf(END_OF_HEAD) + 4) : text);
  // When both sides have ended, the stream destroys itself.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.on('close', () => clearTimeout(timer));
}

const END_OF_HEAD = '\r\n\r\n';

/** A second and its text: it is the same for thousands of answers. */
let date = { second: 0, line: '' };

/** RFC 9110 §6.6.1: an origin server with a clock dates its answers. */
function withDate(text: string): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== date.second)
    date = { second, line: `\r\nDate: ${new Date(second * 1_000).toUTCString()}` };
  const end = text.indexOf('\r\n');
  return text.slice(0, end) + date.line + text.slice(end);
}

/** Stands where the request id will. */
const ANY_ID = '00000000-0000-0000-0000-000000000000';
const USUAL = new WeakMap<RefusalOptions, Map<RefusalCode, readonly string[]>>();

/** What is the same in every answer with a code is put together once: strangers ask for thousands a second. */
function textOf({ refusal, options, requestId, hint }: RefusalAnswer): string {
  const { code, detail, scope, row } = refusal;
  const isUsual = detail === REFUSALS[code].detail && scope === undefined && !row.retry;
  if (!isUsual || hint !== undefined)
    return toHttp(renderRefusal(refusal, options, requestId, hint));
  let usual = USUAL.get(options);
  if (!usual) USUAL.set(options, (usual = new Map()));
  let parts = usual.get(code);
  if (!parts) {
    parts = toHttp(renderRefusal(refusal, options, ANY_ID)).split(ANY_ID);
    usual.set(code, parts);
  }
  return parts.join(requestId);
}

function toHttp({ status, headers, body }: RefusalResponse): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}

/** The request that was refused; none for what has no request of its own. */
type Refused = Pick<IncomingMessage, 'rawHeaders' | 'url'>;

/** A refusal as an audit event. An extractor of the application may have made it, so nothing in it is believed. */
export function refusalEvent(
  refusal: Refusal,
  requestId: string,
  request?: Refused,
  roomName?: string,
): Omit<AuditEvent, 'at'> {
  const { code, reason, remark, principal, row, scope, offByMs } = refusal;
  const isKnown = isAuditReason(reason);
  const said = isKnown ? remark : reason;
  const found = request && seenIn(request, refusal);
  forgetLastMatch();
  return {
    kind: 'refused',
    reason: isKnown ? reason : code,
    remark: said === undefined ? undefined : cutRemark(said),
    status: row.status,
    roomName,
    issuer: principal?.issuer,
    subject: principal?.subject,
    requestId,
    scope,
    offByMs,
    ...found,
  };
}

function seenIn(
  { rawHeaders, url = '' }: Refused,
  { code, row, seen }: Refusal,
): Pick<AuditEvent, 'credential' | 'seen' | 'host'> | undefined {
  const only = (name: string): string | undefined => headerValues({ rawHeaders }, name)[0];
  if (code === 'host_not_allowed') return { seen: cutAddress(seen ?? only('host')) };
  if (code === 'origin_not_allowed')
    return { seen: cutAddress(seen ?? only('origin')), host: cutAddress(only('host')) };
  if (row.challenge) return { credential: seeCredential(rawHeaders, splitTarget(url).query) };
  const isOdd = code === 'bad_request' || code === 'method_not_allowed';
  const credential: SeenCredential | undefined = isOdd ? seeBody(rawHeaders) : undefined;
  return credential && { credential };
}

/** What a developer is told in the answer itself: where the credential was seen, and what to change. Never whether it was valid. */
export function hintOf(
  { credential }: Omit<AuditEvent, 'at'>,
  strict: boolean,
): string | undefined {
  // The text about a token in the query says both already.
  if (strict || credential === undefined || credential.place === 'query') return undefined;
  return adviseOnCredential(credential);
}

import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from '../admission/refusals.js';

export interface RefusalResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RefusalOptions {
  readonly realm: string;
  readonly retryAfterMs: number;
}

// A peer that goes on sending would have our answer thrown away by a reset; so its bytes are read for a moment.
const LINGER_MS = 1_000;

/** A refusal as HTTP (RFC 9110), its challenge (RFC 6750 §3) and its body (RFC 9457). The request id is ours. */
export function renderRefusal(
  refusal: Refusal,
  { realm, retryAfterMs }: RefusalOptions,
): RefusalResponse {
  const { status, challenge, retry } = refusal.row;
  const requestId = randomUUID();
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({
    type: 'about:blank',
    title,
    status,
    code: refusal.code,
    detail: refusal.detail,
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
  if (retry)
    headers['Retry-After'] = String(Math.ceil((retryAfterMs * (1 + Math.random())) / 1000));
  if (status === 405) headers['Allow'] = 'GET';
  if (status === 426) headers['Upgrade'] = 'websocket';
  if (refusal.code === 'bad_upgrade') headers['Sec-WebSocket-Version'] = '13';
  return { status, headers, body };
}

/** Answers an upgrade request with the refusal and lets the socket go. */
export function writeRefusal(socket: Duplex, refusal: Refusal, options: RefusalOptions): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = renderRefusal(refusal, options);
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  socket.end(`${head}\r\n${body}`);
  // When both sides have ended, the stream destroys itself.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.on('close', () => clearTimeout(timer));
}

import type { Principal } from '../admission/principal.js';
import type { RoomId } from '../admission/room-id.js';
import type { ServerConnection } from './connection.js';
import { encodeMessage } from './message.js';
import type { Whereabouts } from './room-batch.js';

/** Milliseconds that clients are told are left: by the token's own expiry, without the tolerance of our clock. */
export function remainingMs({ claims }: Principal, now: number): number {
  return Math.max(0, claims.exp * 1000 - now);
}

/** The first frame of every connection: who and where it is, how long its token lasts, what it may send. */
export function encodeHello(
  connection: ServerConnection,
  now: number,
  maxMessageBytes: number,
  position?: Whereabouts,
): string {
  const { id, roomId, principal } = connection;
  const sub = JSON.stringify(principal.subject);
  const ttlMs = remainingMs(principal, now);
  const at = position ? `,"position":${JSON.stringify(position)}` : '';
  // All but the subject is ours and needs no escaping, and an encoder that looks for it costs as much as the frame.
  return `{"event":"hello","data":{"connectionId":"${id}","room":"${roomId}","sub":${sub},"ttlMs":${ttlMs},"serverTime":${now},"limits":{"maxMessageBytes":${maxMessageBytes}}${at}}}`;
}

/** Publications are missing from here, up to the position where the room has one; `missed`: so many that did not fit. */
export function encodeGap(room: RoomId, position?: Whereabouts, missed?: number): string {
  return encodeMessage('gap', { room, ...position, missed });
}

/** The last frame before a close that we choose: many clients hide the close code, and none can guess what to do next. */
export function encodeGoodbye(
  { code, reason, reconnect }: CloseRow,
  retryAfterMs?: number,
): string {
  return encodeMessage('goodbye', { code, reason, reconnect: reconnect !== 'no', retryAfterMs });
}

/** What a client should do after a close. `new-token`: get a fresh token first. */
export type Reconnect = 'yes' | 'no' | 'new-token';

export interface CloseRow {
  readonly code: number;
  /** Sent as the close reason; at most 123 bytes of UTF-8 (RFC 6455 §5.5). */
  readonly reason: string;
  readonly reconnect: Reconnect;
  /** What becomes of the messages that were accepted before the close and are not handled yet. */
  readonly accepted: 'handled' | 'dropped';
  readonly meaning: string;
}

/** Every close that roomgate chooses, and those of `ws` that clients meet. PROTOCOL.md is checked against this table. */
export const CLOSE_CODES = {
  normal: {
    code: 1000,
    reason: 'normal',
    reconnect: 'no',
    accepted: 'handled',
    meaning: 'The application closed the connection, or the client did.',
  },
  goingAway: {
    code: 1001,
    reason: 'going away',
    reconnect: 'yes',
    accepted: 'handled',
    meaning: 'The server leaves, or the connection reached `maxConnectionMs`.',
  },
  protocolError: {
    code: 1002,
    reason: 'protocol error',
    reconnect: 'no',
    accepted: 'dropped',
    meaning: 'The client broke the WebSocket protocol (RFC 6455). Closed without a `goodbye`.',
  },
  invalidText: {
    code: 1007,
    reason: 'protocol error',
    reconnect: 'no',
    accepted: 'dropped',
    meaning: 'A text frame or a close reason was not UTF-8. Closed without a `goodbye`.',
  },
  messageTimeout: {
    code: 1008,
    reason: 'message timeout',
    reconnect: 'yes',
    accepted: 'dropped',
    meaning:
      'A message was begun and not finished within `messageTimeoutMs`. Without a `goodbye`: a message came in more than `maxFragments` fragments or `maxBufferedChunks` chunks, so do not send it again.',
  },
  tooBig: {
    code: 1009,
    reason: 'message too big',
    reconnect: 'no',
    accepted: 'dropped',
    meaning: 'A message exceeded `maxMessageBytes`.',
  },
  internal: {
    code: 1011,
    reason: 'internal error',
    reconnect: 'yes',
    accepted: 'dropped',
    meaning: 'A hook of the application failed for this connection.',
  },
  restart: {
    code: 1012,
    reason: 'restart',
    reconnect: 'yes',
    accepted: 'handled',
    meaning: 'The server restarts; come back after the delay given.',
  },
  overloaded: {
    code: 1013,
    reason: 'overloaded',
    reconnect: 'yes',
    accepted: 'handled',
    meaning: 'The server has too much to do.',
  },
  badMessages: {
    code: 4400,
    reason: 'bad messages',
    reconnect: 'no',
    accepted: 'dropped',
    meaning: 'Too many messages that are not ours in shape or event.',
  },
  tokenExpired: {
    code: 4401,
    reason: 'token expired',
    reconnect: 'new-token',
    accepted: 'dropped',
    meaning: 'The token expired and was not refreshed.',
  },
  roomForbidden: {
    code: 4403,
    reason: 'room forbidden',
    reconnect: 'no',
    accepted: 'dropped',
    meaning: 'The rights to the room were lost.',
  },
  roomClosed: {
    code: 4404,
    reason: 'room closed',
    reconnect: 'no',
    accepted: 'dropped',
    meaning: 'The room was closed.',
  },
  noPong: {
    code: 4408,
    reason: 'no pong',
    reconnect: 'yes',
    accepted: 'handled',
    meaning: 'Nothing came within `pongTimeoutMs` of a ping.',
  },
  replaced: {
    code: 4409,
    reason: 'replaced',
    reconnect: 'no',
    accepted: 'handled',
    meaning:
      'The subject opened more connections than `maxConnectionsPerSubject`, and this was its oldest.',
  },
  slowConsumer: {
    code: 4413,
    reason: 'slow consumer',
    reconnect: 'yes',
    accepted: 'handled',
    meaning: 'The reader took nothing of what waited for it within six `verdictDeadlineMs`.',
  },
  rateLimit: {
    code: 4429,
    reason: 'rate limit',
    reconnect: 'yes',
    accepted: 'handled',
    meaning: 'Too many messages, after warnings (`rate_limited`).',
  },
  signedOut: {
    code: 4440,
    reason: 'signed out',
    reconnect: 'no',
    accepted: 'dropped',
    meaning: 'The token was revoked, the subject blocked, or signed out by the application.',
  },
} as const satisfies Record<string, CloseRow>;

export type CloseName = keyof typeof CLOSE_CODES;

/** @throws RangeError unless an application may close with it (RFC 6455 §7.4.2): 1000, or 4000 to 4999. */
export function checkCloseCode(code: number): void {
  if (code === 1000 || (Number.isInteger(code) && code >= 4000 && code <= 4999)) return;
  throw new RangeError(`Expected the close code to be 1000 or from 4000 to 4999, got ${code}.`);
}

const MAX_REASON_BYTES = 123;

/** Cuts a reason to what a close frame holds; `ws` throws beyond it, and counts bytes, not characters. */
export function cutReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= MAX_REASON_BYTES) return reason;
  let end = MAX_REASON_BYTES;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

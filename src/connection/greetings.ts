import type { RoomId } from '../admission/room-id.js';
import type { Principal } from '../admission/principal.js';
import type { CloseRow } from './close-codes.js';
import type { Whereabouts } from './outgoing.js';
import type { RoomConnection } from './connection.js';
import { encodeMessage } from './message.js';

/** Milliseconds that clients are told are left: by the token's own expiry, without the tolerance of our clock. */
export function remainingMs({ claims }: Principal, now: number): number {
  return Math.max(0, claims.exp * 1000 - now);
}

/** The first frame of every connection: who and where it is, how long its token lasts, what it may send. */
export function encodeHello(
  connection: RoomConnection,
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

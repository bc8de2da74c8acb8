import type { IncomingHttpHeaders } from 'node:http';
import { parseRoomId, type RoomId } from '../admission/room-id.js';
import { RoomgateError } from '../core/errors.js';

/** One application message as clients send it (PROTOCOL.md). */
export interface Message {
  readonly event: string;
  readonly data: unknown;
  /** Chosen by the client; its one terminal reply carries it. */
  readonly id?: string | number;
  /** The room it is meant for, when it names one. */
  readonly room?: RoomId;
  /** Of the sender's trace (W3C Trace Context), when it sent one that is valid. */
  readonly traceparent?: string;
  /** Resolves with true when a join or leave of its room that the client asked for before it is decided, with false when that takes too long. */
  readonly decided?: () => Promise<boolean>;
}

/** Announces the binary frame behind it; a binary frame that arrives is a message of this event, which no text can be. */
export const BINARY_EVENT = 'binary';

const SERVER_EVENTS = [
  'hello',
  'ack',
  'exception',
  'auth.expiring',
  'auth.refreshed',
  'room.joined',
  'room.left',
  'presence.joined',
  'presence.left',
  'presence.gap',
  'gap',
  BINARY_EVENT,
  'goodbye',
];
const CLIENT_EVENTS = ['auth.refresh', 'room.join', 'room.leave', 'room.presence', 'room.history'];
const RESERVED = new Set([...SERVER_EVENTS, ...CLIENT_EVENTS]);
const CONTROL = new Set(CLIENT_EVENTS);

const MAX_EVENT_LENGTH = 128;
const MAX_DEPTH = 128;
const MAX_ID_LENGTH = 64;

/** Whether only roomgate may send the event: a broadcast that could speak as the server would be believed as the server. */
export function isReserved(event: string): boolean {
  return RESERVED.has(event);
}

/** Whether the event belongs to the control lane: answered by roomgate, never seen by the application's pipeline. */
export function isControl(event: string): boolean {
  return CONTROL.has(event);
}

/** The message in a text frame, or undefined when it is not one. Members we do not know are ignored. */
export function parseMessage(bytes: Buffer): Message | undefined {
  let value: unknown;
  const text = bytes.toString('utf8');
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { event, data, id, room, traceparent: trace } = value as Record<string, unknown>;
  if (typeof event !== 'string' || event === '' || event.length > MAX_EVENT_LENGTH)
    return undefined;
  // Every level takes two bytes at least, so a short message is not worth walking through.
  const mayBeDeep = bytes.length > 2 * MAX_DEPTH;
  if (!isMessageId(id, text) || (mayBeDeep && isDeeper(data, MAX_DEPTH))) return undefined;
  const traceparent = trace === undefined ? undefined : parseTraceparent(trace);
  if (room === undefined) return { event, data, id, room, traceparent };
  const roomId = parseRoomId(room);
  return roomId && { event, data, id, room: roomId, traceparent };
}

/** The parser takes nesting that nothing after it can: what is refused here would fail in a handler that only sends it on. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((item) => isDeeper(item, levels - 1));
}

function isMessageId(id: unknown, text: string): id is string | number | undefined {
  if (id === undefined) return true;
  if (typeof id === 'string') return id.length <= MAX_ID_LENGTH;
  return typeof id === 'number' && isWrittenAs(id, text);
}

/**
 * Whether the reply will repeat a number in the digits of the client. Two ids that are rounded to one number
 * (1732999999123456789 and …788, 1 and 1.0000000000000000001) would get the same reply.
 */
function isWrittenAs(id: number, text: string): boolean {
  const digits = String(id);
  const at = text.indexOf(`"id":${digits}`);
  // As most encoders write it. Anything else costs a search.
  if (at >= 0 && /[,}]/.test(text.charAt(at + 5 + digits.length))) return true;
  return new RegExp(`"id"\\s*:\\s*${digits.replace(/[.+]/g, '\\$&')}\\s*[,}]`).test(text);
}

/** @throws RoomgateError `invalid_data` when the data has no JSON form (a cycle, a BigInt). */
export function encodeMessage(event: string, data?: unknown, id?: string | number): string {
  try {
    return JSON.stringify({ event, data, id });
  } catch (error) {
    throw new RoomgateError('invalid_data', `The data of "${event}" has no JSON form.`, {
      cause: error,
    });
  }
}

/** Nest's own filters repeat in the `cause` of an `exception` what the client sent. */
export function withoutCause(data: unknown): unknown {
  const { cause: _cause, ...rest } = Object(data) as Record<string, unknown>;
  return rest;
}

/** @throws RoomgateError `reserved_event` when only roomgate may send the event, `invalid_data` for what is no event's name. */
export function refuseReserved(event: string): void {
  // Handlers may pass on what a client gave them, whatever it is.
  if (typeof event !== 'string' || event === '')
    throw new RoomgateError('invalid_data', 'An event is a text that is not empty.');
  if (event.length > MAX_EVENT_LENGTH || /^[{[]/.test(event))
    throw new RoomgateError(
      'invalid_data',
      `Expected the name of an event, of at most ${MAX_EVENT_LENGTH} characters and no JSON: send(event, data) builds the frame itself.`,
    );
  if (RESERVED.has(event))
    throw new RoomgateError(
      'reserved_event',
      `The event "${event}" is reserved: only roomgate sends it.`,
    );
}

/** Version, trace id, parent id and flags; a later version may have more behind them. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;

/**
 * A `traceparent` of W3C Trace Context, always in the form of version 00: what a later version adds is left out, as the
 * standard asks of those who do not know it. Undefined when it is not valid, which the standard says to treat like none.
 */
export function parseTraceparent(text: unknown): string | undefined {
  const parts = typeof text === 'string' ? TRACEPARENT.exec(text) : null;
  if (!parts) return undefined;
  const [, version, traceId, parentId, flags, rest] = parts as unknown as string[];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (isZero(traceId) || isZero(parentId)) return undefined;
  return `00-${traceId}-${parentId}-${flags}`;
}

function isZero(id: string | undefined): boolean {
  return /^0*$/.test(id ?? '');
}

const NONE: Readonly<Record<string, string>> = Object.freeze({});

/** The headers that a connection keeps of its upgrade request; the request itself, which holds the token, is let go. */
export function carryHeaders(
  headers: IncomingHttpHeaders,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const carried = names.filter((name) => typeof headers[name] === 'string');
  if (carried.length === 0) return NONE;
  return Object.freeze(Object.fromEntries(carried.map((name) => [name, headers[name] as string])));
}

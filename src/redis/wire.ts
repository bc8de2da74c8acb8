import type { PresenceChange } from '../room/engine/presence-entry.js';
import type { Publication, PublishOptions } from '../room/engine/publication.js';

/** What a channel carries: the version, what it is, and the rest in lines. Scripts write it, nodes read it. */
export type RedisMessage =
  | { readonly publication: Publication; readonly epoch: string; readonly bytes: number }
  | { readonly change: PresenceChange };

const VERSION = 0x31; // 1
const PUBLICATION = 0x50; // P
const JOINED = 0x2b; // +
const LEFT = 0x2d; // -
const NEW_LINE = 0x0a;

/** `epoch offset publishedAt` */
const PLACE = /^([A-Za-z0-9_-]{4,64}) (\d{1,16}) (\d{1,16})$/;

/** An id that needs no JSON. */
const PLAIN = /^[\w-]{1,64}$/;

interface Head {
  readonly id: string;
  readonly except?: string;
  readonly conflateKey?: string;
  readonly isBinary?: true;
}

/** What is said of a publication beside its body, as JSON, which has no line breaks of its own; nothing when that is its id alone. */
export function encodeHead(
  { publicationId: id, except, conflateKey }: PublishOptions,
  body: string | Buffer,
): string {
  if (
    except === undefined &&
    conflateKey === undefined &&
    typeof body === 'string' &&
    PLAIN.test(id)
  )
    return '';
  const isBinary = typeof body === 'string' ? undefined : (true as const);
  return JSON.stringify({ id, except, conflateKey, isBinary } satisfies Head);
}

/** Undefined for what is not of this version, or not well-formed: whoever reads finds that an offset is missing. */
export function decode(bytes: Buffer): RedisMessage | undefined {
  if (bytes[0] !== VERSION) return undefined;
  const line = bytes.indexOf(NEW_LINE);
  if (line === -1) return undefined;
  switch (bytes[1]) {
    case PUBLICATION:
      return decodePublication(bytes, line);
    case JOINED:
      return decodeJoined(bytes, line);
    case LEFT:
      return { change: { kind: 'left', memberId: bytes.toString('utf8', 2, line) } };
    default:
      return undefined;
  }
}

function decodePublication(bytes: Buffer, line: number): RedisMessage | undefined {
  const place = PLACE.exec(bytes.toString('latin1', 2, line));
  const end = bytes.indexOf(NEW_LINE, line + 1);
  if (!place || end === -1) return undefined;
  const head = parseHead(bytes.toString('utf8', line + 1, end));
  if (typeof head?.id !== 'string') return undefined;
  const { id: publicationId, except, conflateKey, isBinary } = head;
  const body = isBinary ? bytes.subarray(end + 1) : bytes.toString('utf8', end + 1);
  const [, epoch = '', offset, publishedAt] = place;
  const publication = {
    publicationId,
    offset: Number(offset),
    body,
    except,
    conflateKey,
    publishedAt: Number(publishedAt),
  };
  return { publication, epoch, bytes: bytes.length };
}

function parseHead(text: string): Partial<Head> | undefined {
  return PLAIN.test(text) ? { id: text } : (parse(text) as Partial<Head> | undefined);
}

function decodeJoined(bytes: Buffer, line: number): RedisMessage | undefined {
  const memberId = bytes.toString('utf8', 2, line);
  const info = decodePart(bytes.toString('utf8', line + 1));
  return { change: { kind: 'joined', memberId, info } };
}

/** A part that may be absent, as JSON in one line. */
export function encodePart(part: unknown): string {
  return part === undefined ? '' : JSON.stringify(part);
}

export function decodePart(text: string): unknown {
  return text === '' ? undefined : parse(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type {
  Position,
  PresenceChange,
  Publication,
  PublishOptions,
} from '../../room/engine/engine.js';
import type { RedisReply } from '../network/connection.js';

/** What a channel carries: the version, what it is, and the rest in lines. Scripts write it, nodes read it. */
type RedisMessage =
  | { readonly publication: Publication; readonly epoch: string; readonly bytes: number }
  | { readonly change: PresenceChange }
  /** An order about the room, which older versions ignore. */
  | { readonly order: string };

const VERSION = 0x31; // 1
const PUBLICATION = 0x50; // P
const JOINED = 0x2b; // +
const LEFT = 0x2d; // -
const ORDER = 0x4f; // O
const NEW_LINE = 0x0a;

const EPOCH = /^[A-Za-z0-9_-]{4,64}$/;
const MAX_DIGITS = 16;

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
  id: string,
  { except, conflateKey }: Pick<PublishOptions, 'except' | 'conflateKey'>,
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
    case ORDER:
      return { order: bytes.toString('utf8', line + 1) };
    case LEFT:
      return { change: { kind: 'left', memberId: bytes.toString('utf8', 2, line) } };
    default:
      return undefined;
  }
}

/** `epoch offset publishedAt`, the head and the body, a line each; made for every publication on every node, so text is made once. */
function decodePublication(bytes: Buffer, line: number): RedisMessage | undefined {
  const text = bytes.toString('utf8');
  const [first, second] = [text.indexOf(' '), text.indexOf(' ', text.indexOf(' ') + 1)];
  const start = text.indexOf('\n', line) + 1;
  const end = text.indexOf('\n', start);
  const epoch = text.slice(2, first);
  const offset = integerIn(text, first + 1, second);
  const publishedAt = integerIn(text, second + 1, line);
  if (end === -1 || Number.isNaN(publishedAt) || !EPOCH.test(epoch)) return undefined;
  // Beyond it numbers do not go on by 1.
  if (!Number.isSafeInteger(offset)) return undefined;
  const head = parseHead(text.slice(start, end));
  if (typeof head?.id !== 'string') return undefined;
  const { id: publicationId, except, conflateKey, isBinary } = head;
  // What is no text was spoiled by making it one.
  const body = isBinary
    ? bytes.subarray(bytes.indexOf(NEW_LINE, line + 1) + 1)
    : text.slice(end + 1);
  const publication = { publicationId, offset, body, except, conflateKey, publishedAt };
  return { publication, epoch, bytes: bytes.length };
}

/** NaN unless it is 1 to 16 digits. */
function integerIn(text: string, from: number, to: number): number {
  if (from < 1 || to <= from || to - from > MAX_DIGITS) return NaN;
  let integer = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return NaN;
    integer = integer * 10 + digit;
  }
  return integer;
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

export function positionIn(reply: RedisReply): Position {
  const [offset, epoch] = reply as [number, Buffer];
  return { offset, epoch: String(epoch) };
}

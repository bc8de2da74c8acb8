import type { IncomingMessage } from 'node:http';
import { isSameHost, parseHost } from '../admission/origin.js';
import { parseRoomId, type RoomId } from '../admission/room-id.js';
import { onlyValue } from '../admission/upgrade-request.js';

/** A gateway's path: literal segments and exactly one `:room`, for example `/orders/:room` or `/v1/:room`. */
export interface PathPattern {
  readonly text: string;
  /** Matches its paths as the bytes stand; its one group is what could be the room id. */
  readonly expression: RegExp;
}

const ROOM = ':room';
const LITERAL = /^[A-Za-z0-9_-]+$/;

/** The pattern, or undefined when the text is none: other characters, no `:room`, or a literal that could be a room id. */
export function parsePattern(text: string): PathPattern | undefined {
  if (!text.startsWith('/')) return undefined;
  const segments = text.slice(1).split('/');
  const rooms = segments.filter((segment) => segment === ROOM).length;
  const literals = segments.filter((segment) => segment !== ROOM);
  if (rooms !== 1 || !literals.every((literal) => LITERAL.test(literal) && !parseRoomId(literal)))
    return undefined;
  // Nothing in a literal means anything to a regular expression.
  const parts = segments.map((segment) => (segment === ROOM ? '([0-9A-Fa-f-]{36})' : segment));
  return { text, expression: new RegExp(`^/${parts.join('/')}$`) };
}

/** The request target split at the question mark, as the bytes stand: `new URL` would map `//evil`, `\` and `%2e` onto our paths. */
export function splitTarget(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark === -1
    ? { path: url, query: '' }
    : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

const ABSOLUTE = /^https?:\/\/([^/?#]*)(\/.*)$/is;

/**
 * Path and query of a request. A target in absolute form (RFC 9112 §3.2.2) counts when its host is that of the one `Host`; any
 * other stays as it is, and no path that we serve is like it.
 */
export function targetOf(request: Pick<IncomingMessage, 'url' | 'rawHeaders'>): {
  path: string;
  query: string;
} {
  const { url = '' } = request;
  if (url.startsWith('/')) return splitTarget(url);
  const [, authority = '', path = ''] = ABSOLUTE.exec(url) ?? [];
  const isOwn = isSameHost(parseHost(authority), parseHost(onlyValue(request, 'host') ?? ''));
  return splitTarget(isOwn ? path : url);
}

/** The room a path names under the pattern, or undefined when it is not the pattern's. */
export function matchPath(pattern: PathPattern, path: string): RoomId | undefined {
  return parseRoomId(pattern.expression.exec(path)?.[1]);
}

import type { IncomingHttpHeaders } from 'node:http';

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

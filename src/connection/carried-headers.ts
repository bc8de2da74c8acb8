import type { IncomingHttpHeaders } from 'node:http';

const NONE: Readonly<Record<string, string>> = Object.freeze({});

/** The headers that a connection keeps of its upgrade request; the request itself, which holds the token, is let go. */
export function carryHeaders(
  headers: IncomingHttpHeaders,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const carried = names.flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return carried.length === 0
    ? NONE
    : (Object.freeze(Object.fromEntries(carried)) as Record<string, string>);
}

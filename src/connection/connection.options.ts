import { integer, listOf, MAX_TIMER_MS, type Rule } from '../roomgate.rules.js';

export interface ConnectionOptions {
  /**
   * Request headers, lower case, that a connection keeps for guards and handlers. Credentials
   * (`authorization`, `cookie`, `proxy-authorization`, `sec-websocket-protocol`) cannot be listed.
   * @default ['user-agent', 'accept-language', 'origin']
   */
  carriedHeaders: string[];
  /**
   * Messages of one connection that may wait for their handler, 256 KiB of them at most, before the socket is paused, or run
   * beside others when `@Unordered()`; what was read together with them (at most 64 KiB) waits too.
   * @default 64
   */
  maxInboxMessages: number;
  /**
   * Bytes that may wait for a slow reader before it is closed with 4413.
   * @default 1048576
   */
  maxOutboxBytes: number;
  /**
   * Milliseconds a handler may take; after them the message is answered with `handler_timeout` and the next one is handled.
   * @default 30000
   */
  handlerTimeoutMs: number;
  /**
   * Milliseconds before the expiry of its token at which a connection is sent `auth.expiring`; at half of its life for a shorter token.
   * @default 60000
   */
  expiryWarningMs: number;
  /**
   * Milliseconds that a connection stays, muted, after the expiry of its token: only `auth.refresh` is read, nothing is
   * delivered. Zero closes it at once with 4401.
   * @default 25000
   */
  refreshGraceMs: number;
  /**
   * Milliseconds that a connection may last whatever its tokens say; after them it is closed with 1001. Zero: no limit.
   * @default 0
   */
  maxConnectionMs: number;
  /**
   * Milliseconds that clients get at shutdown to answer the close, and those that only ended their side of the connection to
   * read the rest, before their sockets are destroyed.
   * @default 2000
   */
  closeTimeoutMs: number;
}

export const CREDENTIAL_HEADERS = [
  'authorization',
  'cookie',
  'proxy-authorization',
  'sec-websocket-protocol',
];

export const CONNECTION_RULES: Record<keyof ConnectionOptions, Rule> = {
  carriedHeaders: listOf(
    `lower-case header names other than ${CREDENTIAL_HEADERS.join(', ')}`,
    (item) =>
      typeof item === 'string' && /^[a-z0-9-]+$/.test(item) && !CREDENTIAL_HEADERS.includes(item),
  ),
  maxInboxMessages: integer(1, 65_536),
  maxOutboxBytes: integer(65_536, 1024 * 1024 * 1024),
  handlerTimeoutMs: integer(1, MAX_TIMER_MS),
  expiryWarningMs: integer(0, MAX_TIMER_MS),
  refreshGraceMs: integer(0, MAX_TIMER_MS),
  maxConnectionMs: integer(0, Number.MAX_SAFE_INTEGER),
  closeTimeoutMs: integer(0, MAX_TIMER_MS),
};

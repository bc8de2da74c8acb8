import { integer, listOf, MAX_TIMER_MS, type Rule } from '../core/option-rules.js';

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
   * Messages that a connection may send per `messageWindowMs` in the long run; others are answered `rate_limited`, and after
   * `maxStrikes` of these it is closed with 4429. `auth.refresh` and `room.history` count as five, `room.presence` as two. Zero: no limit.
   * @default 100
   */
  maxMessagesPerWindow: number;
  /**
   * Milliseconds in which `maxMessagesPerWindow` are allowed.
   * @default 10000
   */
  messageWindowMs: number;
  /**
   * Messages that may come at once.
   * @default 50
   */
  messageBurst: number;
  /**
   * Bytes that may wait for a slow reader. What a room says beyond them is dropped and told with a `gap`; a frame that is larger is
   * an error to its publisher (`too_big`). A reader that takes nothing of them within six `verdictDeadlineMs` is closed with 4413.
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
   * Milliseconds from one ping of a connection to the next, in whole seconds; the first comes after a random part of it. Zero: no pings,
   * and a peer that went away without a word stays until something is sent to it.
   * @default 25000
   */
  pingIntervalMs: number;
  /**
   * Milliseconds, in whole seconds, within which something has to come from the client after a ping, a pong or anything else, or it is
   * closed with 4408. Stands still while its socket is paused.
   * @default 10000
   */
  pongTimeoutMs: number;
  /**
   * Milliseconds, in whole seconds, that a message may take from its first byte to its last, in however many fragments; some
   * seconds after them its sender is closed with 1008.
   * @default 10000
   */
  messageTimeoutMs: number;
  /**
   * Milliseconds that clients get to answer a close before their sockets are destroyed, whatever its code. It begins when
   * the last byte was taken, for which a slow reader has six `verdictDeadlineMs` without progress.
   * @default 2000
   */
  closeTimeoutMs: number;
  /**
   * Connections that are closed together at shutdown; more of them where `drainTimeoutMs` would not suffice.
   * @default 500
   */
  drainBatchSize: number;
  /**
   * Milliseconds from one batch of the shutdown to the next. Clients are told to come back over as long a time as all batches take.
   * @default 500
   */
  drainIntervalMs: number;
  /**
   * Milliseconds that closing all connections may take at shutdown; then the sockets that are left are destroyed.
   * @default 30000
   */
  drainTimeoutMs: number;
}

const CREDENTIAL_HEADERS = [
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
  maxMessagesPerWindow: integer(0, 10_000_000),
  messageWindowMs: integer(1, MAX_TIMER_MS),
  // What counts as five has to pass sometimes.
  messageBurst: integer(5, 1_000_000),
  maxOutboxBytes: integer(65_536, 1024 * 1024 * 1024),
  handlerTimeoutMs: integer(1, MAX_TIMER_MS),
  expiryWarningMs: integer(0, MAX_TIMER_MS),
  refreshGraceMs: integer(0, MAX_TIMER_MS),
  maxConnectionMs: integer(0, Number.MAX_SAFE_INTEGER),
  pingIntervalMs: integer(0, MAX_TIMER_MS),
  pongTimeoutMs: integer(1_000, MAX_TIMER_MS),
  messageTimeoutMs: integer(1_000, MAX_TIMER_MS),
  closeTimeoutMs: integer(0, MAX_TIMER_MS),
  drainBatchSize: integer(1, 1_000_000),
  drainIntervalMs: integer(1, MAX_TIMER_MS),
  drainTimeoutMs: integer(1, MAX_TIMER_MS),
};

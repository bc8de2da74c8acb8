/** The data of an `exception`, Nest's own shape with a stable code. */
export interface ExceptionBody {
  readonly status: 'error';
  readonly code: string;
  readonly message: string;
  /** The same message may succeed later. */
  readonly temporary: boolean;
  readonly retryAfterMs?: number;
  /** Of `bad_request` by a schema: where the data does not fit, for example `items[2].price`; an empty one is the data itself. */
  readonly paths?: readonly string[];
}

/** Every code that roomgate itself answers a message with. */
export const EXCEPTIONS = {
  bad_message: {
    message: 'A message is a JSON object with an event, and a data, id or room if it has any.',
    temporary: false,
  },
  unknown_event: { message: 'There is no such event here.', temporary: false },
  token_expired: { message: 'The token has expired.', temporary: true },
  token_invalid: { message: 'The token is not valid.', temporary: false },
  token_not_yet_valid: { message: 'The token is not valid yet.', temporary: true },
  token_revoked: { message: 'The token is no longer valid.', temporary: false },
  token_older: { message: 'The token is older than the one it would replace.', temporary: false },
  identity_changed: { message: 'The token is not of the same subject.', temporary: false },
  keys_unavailable: { message: 'The token cannot be checked at the moment.', temporary: true },
  authority_stale: {
    message: 'Whether the token was revoked cannot be told at the moment.',
    temporary: true,
  },
  refresh_in_progress: { message: 'Another refresh is being decided.', temporary: true },
  verdict_timeout: { message: 'The decision took too long.', temporary: true },
  unavailable: { message: 'This is not available at the moment.', temporary: true },
  room_forbidden: { message: 'The token does not open this room.', temporary: false },
  room_full: { message: 'The room is full at the moment.', temporary: true },
  too_many_rooms: { message: 'These are too many rooms.', temporary: true },
  already_member: { message: 'You are a member of this room already.', temporary: false },
  not_a_member: { message: 'You are not a member of this room.', temporary: false },
  publish_forbidden: { message: 'You may not publish in this room.', temporary: false },
  presence_forbidden: { message: 'You may not see who is in this room.', temporary: false },
  history_forbidden: { message: 'You may not see the history of this room.', temporary: false },
  not_kept: { message: 'Rooms of this kind do not keep it.', temporary: false },
  position_unknown: {
    message: 'What followed this position is not known any more; start over.',
    temporary: false,
  },
  insufficient_scope: {
    message: 'The token lacks a scope that this event needs.',
    temporary: false,
  },
  insufficient_claims: {
    message: 'The token lacks a claim that this event needs.',
    temporary: false,
  },
  forbidden: { message: 'This is not allowed.', temporary: false },
  bad_request: { message: 'The data of the message is not valid.', temporary: false },
  rejected: { message: 'The message was rejected.', temporary: false },
  not_found: { message: 'There is no such thing.', temporary: false },
  rate_limited: { message: 'Too many messages.', temporary: true },
  handler_timeout: {
    message: 'The message took too long; whether it had an effect is unknown.',
    temporary: true,
  },
  outbox_full: {
    message: 'The message was handled, but its answer does not fit beside what you have not read.',
    temporary: true,
  },
  too_big: { message: 'The message is too big to be delivered.', temporary: false },
  too_many_streams: { message: 'Too many streams are open.', temporary: true },
  engine_unavailable: {
    message: 'The room cannot be reached; whether the message was published is unknown.',
    temporary: true,
  },
  overloaded: {
    message: 'Too much waits to be published already; the message was not published.',
    temporary: true,
  },
  internal: { message: 'Internal error.', temporary: false },
} as const satisfies Record<string, { message: string; temporary: boolean }>;

export type ExceptionCode = keyof typeof EXCEPTIONS;

function isExceptionCode(code: unknown): code is ExceptionCode {
  return typeof code === 'string' && Object.hasOwn(EXCEPTIONS, code);
}

/** The public body for one of our codes; an unknown one is `internal`. */
export function exceptionBody(code: string): ExceptionBody {
  const known = isExceptionCode(code) ? code : 'internal';
  return { status: 'error', code: known, ...EXCEPTIONS[known] };
}

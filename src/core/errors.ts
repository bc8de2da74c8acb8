/** Every failure roomgate reports to the application. Stable: match on it, not on the text. */
export type RoomgateErrorCode =
  | 'invalid_options'
  | 'unsafe_options'
  | 'adapter_conflict'
  | 'gateway_conflict'
  | 'invalid_room_id'
  | 'unknown_room_name'
  | 'reserved_event'
  | 'invalid_data'
  | 'not_a_member'
  | 'publish_forbidden'
  | 'insufficient_scope'
  | 'insufficient_claims'
  | 'token_expired'
  | 'authority_stale'
  | 'presence_forbidden'
  | 'history_forbidden'
  | 'not_kept'
  | 'position_unknown'
  | 'room_full'
  | 'too_many_rooms'
  | 'too_big'
  | 'peer_gone'
  | 'handler_timeout'
  | 'right_lost'
  | 'overloaded'
  | 'engine_unavailable';

/**
 * The one error class of roomgate. `code` is the contract; `message` is a sentence for the
 * developer and never reaches a client (the filter answers with its own text for the code).
 */
export class RoomgateError extends Error {
  override readonly name = 'RoomgateError';

  constructor(
    readonly code: RoomgateErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface DescribeOptions {
  /** Whether the message of the error and those of its causes are told. Default false. */
  readonly withMessage?: boolean;
  /** What to add to the first line, for example the id of the request. */
  readonly about?: string;
}

/**
 * A foreign error for a log line: its name, its code and where it was thrown. The message is left
 * out by default because parsers and validators quote their input in it, and input may be a token or a message.
 */
export function describeError(error: unknown, options: DescribeOptions = {}): string {
  try {
    return error instanceof Error ? describe(error, options) : describeThrown(error, options);
  } catch {
    // Its own getters throw; what tells of a failure must not be one.
    return 'an error that cannot be described';
  }
}

/** For loggers: the application may have brought one that throws, and whoever tells of a failure must not fail. */
export function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // There is nobody left to tell.
  }
}

/** For what an application has made async where no promise is expected: a rejection that nobody hears ends the process. */
export function ignoreRejection(value: unknown): void {
  if (value instanceof Promise) value.catch(() => undefined);
}

const MAX_CAUSES = 3;
const MAX_MESSAGE = 300;

/** Escaped and cut, so that it stays on one line, and without what looks like a token. */
function quoteMessage(message: string): string {
  const cut = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
  return JSON.stringify(withoutTokens(cut));
}

/** A name or code, which may come from elsewhere: short, on one line, and nothing of a token. */
function plainName(name: unknown): string {
  return withoutTokens(
    String(name)
      .slice(0, 64)
      .replaceAll(/[^\x20-\x7e]/g, '?'),
  );
}

const withoutTokens = (text: string): string => text.replaceAll(/eyJ[\w=.-]*/g, 'eyJ…');

function describeThrown(thrown: unknown, { withMessage, about }: DescribeOptions): string {
  const text = withMessage && typeof thrown === 'string' ? ` ${quoteMessage(thrown)}` : '';
  return `a thrown ${typeof thrown}${text}${about === undefined ? '' : `, ${about}`}`;
}

function describe(error: Error, { withMessage = false, about }: DescribeOptions): string {
  const code = (error as { code?: unknown }).code;
  const own = plainName(error.name);
  const name = typeof code === 'string' ? `${own} (${plainName(code)})` : own;
  // Our own words about data name the event and where it does not fit, and no value.
  const isOurs = error instanceof RoomgateError && error.code === 'invalid_data';
  const told = withMessage || isOurs ? `${name} ${quoteMessage(String(error.message))}` : name;
  const first = about === undefined ? told : `${told}, ${about}`;
  return [first, ...framesOf(error), ...(withMessage ? causesOf(error) : [])].join('\n');
}

/** The stack behind the message, whose own lines may look like frames; nothing when the message is not where it should be. */
function framesOf({ stack, message }: Error): string[] {
  const text = String(stack ?? '');
  const start = text.indexOf(message);
  if (start === -1) return [];
  const lines = text.slice(start + message.length).split('\n');
  return lines.filter((line) => /^\s+at /.test(line));
}

/** The errors that an error was made of, each with its name and message; a chain may be endless. */
function causesOf({ cause }: Error): string[] {
  const lines: string[] = [];
  let each: unknown = cause;
  while (each instanceof Error && lines.length < MAX_CAUSES) {
    lines.push(`    caused by ${plainName(each.name)} ${quoteMessage(String(each.message))}`);
    each = each.cause;
  }
  return lines;
}

import type { AuditReason } from './audit.js';
import type { Principal } from './principal.js';

/** The `error` attribute of `WWW-Authenticate` (RFC 6750 §3); `none` is a challenge without one. */
export type Challenge = 'none' | 'invalid_request' | 'invalid_token' | 'insufficient_scope';

interface RefusalRow {
  readonly status: number;
  /** What strangers are told. Constant, except where the table of design says where a token was found. */
  readonly detail: string;
  readonly challenge?: Challenge;
  /** Answered with `Retry-After`. */
  readonly retry?: true;
}

/** Every "no" before the 101: the stable `code` of the problem body, its HTTP status (RFC 9110, RFC 6750) and public text. */
export const REFUSALS = {
  draining: { status: 503, detail: 'This server is shutting down.', retry: true },
  not_found: { status: 404, detail: 'There is nothing at this address.' },
  method_not_allowed: { status: 405, detail: 'A room is opened with GET.' },
  bad_request: {
    status: 400,
    detail: 'The request must be HTTP/1.1 with one Host that fits its target, and no body.',
  },
  bad_upgrade: {
    status: 400,
    detail: 'The request needs one Sec-WebSocket-Key of 16 bytes and Sec-WebSocket-Version 13.',
  },
  upgrade_required: {
    status: 426,
    detail: 'This address speaks WebSocket: send an upgrade request with an Authorization header.',
  },
  host_not_allowed: { status: 403, detail: 'This host is not served here.' },
  origin_not_allowed: { status: 403, detail: 'Pages of this origin may not connect.' },
  token_in_query: {
    status: 400,
    detail: 'A token does not belong in the URL: send it in the Authorization header.',
    challenge: 'invalid_request',
  },
  multiple_credentials: {
    status: 400,
    detail: 'Send exactly one Authorization header with one bearer token.',
    challenge: 'invalid_request',
  },
  malformed_authorization: {
    status: 400,
    detail: 'The Authorization header must be "Bearer" and a token.',
    challenge: 'invalid_request',
  },
  unsupported_scheme: {
    status: 401,
    detail: 'The Authorization header must use the scheme "Bearer".',
    challenge: 'none',
  },
  no_token: {
    status: 401,
    detail: 'Send a bearer token in the Authorization header.',
    challenge: 'none',
  },
  token_invalid: { status: 401, detail: 'The token is not valid.', challenge: 'invalid_token' },
  token_expired: { status: 401, detail: 'The token has expired.', challenge: 'invalid_token' },
  token_not_yet_valid: {
    status: 401,
    detail: 'The token is not valid yet.',
    challenge: 'invalid_token',
  },
  token_revoked: {
    status: 401,
    detail: 'The token is no longer valid.',
    challenge: 'invalid_token',
  },
  keys_unavailable: {
    status: 503,
    detail: 'The token cannot be checked at the moment.',
    retry: true,
  },
  authority_stale: {
    status: 503,
    detail: 'Whether the token was revoked cannot be told at the moment.',
    retry: true,
  },
  verdict_timeout: { status: 503, detail: 'The decision took too long.', retry: true },
  insufficient_scope: {
    status: 403,
    detail: 'The token lacks a scope that this address needs.',
    challenge: 'insufficient_scope',
  },
  room_forbidden: { status: 403, detail: 'The token does not open this room.' },
  too_many_upgrades: {
    status: 429,
    detail: 'There are too many attempts at the moment.',
    retry: true,
  },
  too_many_connections: {
    status: 429,
    detail: 'The subject has too many connections.',
    retry: true,
  },
  room_full: { status: 503, detail: 'The room is full at the moment.', retry: true },
  too_many_rooms: { status: 429, detail: 'There are too many rooms at the moment.', retry: true },
  engine_unavailable: {
    status: 503,
    detail: 'The room cannot be joined at the moment.',
    retry: true,
  },
  unavailable: { status: 503, detail: 'The decision could not be made.', retry: true },
} as const satisfies Record<string, RefusalRow>;

export type RefusalCode = keyof typeof REFUSALS;

/** A "no" before the 101. `reason` is the exact cause for log and metric; it never carries what the client sent. */
export class Refusal {
  #principal: Principal | undefined;
  #failure: { readonly error: unknown } | undefined;
  /**
   * The Host or Origin that was refused, as it arrived; other text has no place here. It is escaped and cut where it is logged,
   * and never sent.
   */
  seen: string | undefined = undefined;
  /** Milliseconds by which a time of a verified token misses: since its expiry, until it begins, over the longest life. For the log alone. */
  offByMs: number | undefined = undefined;

  constructor(
    readonly code: RefusalCode,
    readonly reason: AuditReason = code,
    readonly detail: string = REFUSALS[code].detail,
    readonly scope?: string,
    /** Words of the application's own verifier, for the log alone. */
    readonly remark?: string,
  ) {}

  /** Who was refused; undefined while no token is verified. */
  get principal(): Principal | undefined {
    return this.#principal;
  }

  /** Names who is refused, once it is known, for the log alone. */
  by(principal: Principal): this {
    this.#principal = principal;
    return this;
  }

  /** Sets {@link Refusal.seen}. */
  saw(hostOrOrigin: string): this {
    // Looked for here in any case: a caller may have lowered it, which hides a token from the look in `cutAddress`.
    this.seen = /ey[ja][\w-]*\./i.test(hostOrOrigin) ? undefined : hostOrOrigin;
    return this;
  }

  /** Sets {@link Refusal.offByMs}. */
  offBy(ms: number): this {
    this.offByMs = ms;
    return this;
  }

  /** What a part of the application threw, where that is the cause. For the log alone, so no copy or JSON of a refusal has it. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Sets {@link Refusal.failure}. */
  because(error: unknown): this {
    this.#failure = { error };
    return this;
  }

  get row(): RefusalRow {
    return REFUSALS[this.code];
  }
}

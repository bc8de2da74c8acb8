import type { KeyObject } from 'node:crypto';
import { SUBJECT_LIMIT_POLICIES, type SubjectLimitPolicy } from './subject-limit.js';
import { flag, integer, listOf, MAX_TIMER_MS, oneOf, type Rule } from '../core/option-rules.js';

/** What happens to open connections while revocations may be missing: they go on, or are muted until none can be. */
const STALE_AUTHORITY_POLICIES = ['keep', 'mute'] as const;

type StaleAuthorityPolicy = (typeof STALE_AUTHORITY_POLICIES)[number];

/** Signature algorithms (RFC 7518) that the built-in verifier accepts. */
export type TokenAlgorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512';

/** A public key: PEM text, a JWK (RFC 7517) or a `KeyObject` of type `public`. A JWK is used as its `use`, `key_ops` and `alg` say. */
export type PublicKeyInput = string | Buffer | KeyObject | Record<string, unknown>;

/**
 * A key of an issuer. With `kid` it only verifies tokens that name it; without one, those that name no other key of the issuer.
 * A secret is text (its UTF-8 is used), bytes, a `KeyObject` of type `secret` or a JWK of type `oct`.
 */
export type IssuerKey =
  | PublicKeyInput
  | { kid?: string; key: PublicKeyInput }
  | { kid?: string; secret: string | Uint8Array | KeyObject | Record<string, unknown> };

/** Somebody whose tokens are believed. A token is verified with the record of its `iss` alone. */
export interface IssuerOptions {
  /** The exact `iss` of its tokens. */
  issuer: string;
  /** The `aud` one of which a token must carry. Required in strict mode. */
  audience?: string | string[];
  /** The algorithms it signs with; nothing is inferred from a token. HS* cannot be mixed with others. */
  algorithms: TokenAlgorithm[];
  /**
   * Its verification keys, at most 16, at most 4 of them without `kid` for one algorithm, and no `kid` twice. RSA of 2048 bits or more
   * with an odd exponent of 3 or more; secrets at least as long as the hash: 32, 48 or 64 bytes for HS256, HS384 or HS512.
   */
  keys: IssuerKey[];
  /** Accepted `typ` headers, compared without case and without `application/`. Default `at+jwt` and `JWT`; a token without `typ` passes only when `audience` is set. */
  typ?: string[];
  /** The `aud` one of which a back-channel logout token must carry, usually the client id. Default: `audience`. */
  logoutAudience?: string | string[];
}

export interface AdmissionOptions {
  /**
   * Whose tokens are believed: issuer, audience, algorithms and keys of each. Without one nobody gets in,
   * so boot fails unless a `TokenVerifier` of your own is given.
   * @default []
   */
  issuers: IssuerOptions[];
  /**
   * The realm named in `WWW-Authenticate` (RFC 9110). Printable ASCII without quotes and backslashes.
   * @default 'roomgate'
   */
  realm: string;
  /**
   * Milliseconds by which the clocks of issuer and server may differ; applied to `exp`, `nbf` and `iat` once.
   * @default 5000
   */
  clockToleranceMs: number;
  /**
   * Milliseconds after the `iat` of a back-channel logout token up to which tokens of its `sub` count as issued before it: for issuers
   * whose servers have different clocks. A sign-in within them is refused.
   * @default 0
   */
  logoutToleranceMs: number;
  /**
   * Milliseconds between `iat` and `exp` beyond which a token is refused, however valid.
   * @default 86400000
   */
  maxTokenLifeMs: number;
  /**
   * Bytes a token may have before it is refused unread.
   * @default 8192
   */
  maxTokenBytes: number;
  /**
   * Tokens whose good signature by a private key is remembered, by their SHA-256, for clients that reconnect. Zero: none.
   * Everything else about a token is checked every time.
   * @default 10000
   */
  maxCachedSignatures: number;
  /**
   * Upgrades, with a token or without, tokens of `auth.refresh` and logout tokens that are decided per turn of the event loop (one turn
   * serves what is ready on all sockets); the others wait for the next turns, so that a storm of reconnects does not stall open
   * connections. Counted in signature checks by P-256: fewer where checks cost more (P-384 eight, P-521 sixteen times as much, RSA
   * by the square of its length) or where tokens are tried on several keys without `kid`.
   * @default 32
   */
  maxVerdictsPerTurn: number;
  /**
   * Milliseconds for the whole verdict, at the door from when its turn has come; after them the answer is 503. A call to the engine
   * has as long, and a publication six times as long; after them it fails with `engine_unavailable`.
   * @default 5000
   */
  verdictDeadlineMs: number;
  /**
   * `Host` values in lower case under which clients reach this server: `chat.example.com` stands for every port of that host,
   * `localhost:3000` for one. Others get 403, which stops DNS rebinding. Empty: every host passes.
   * @default []
   */
  allowedHosts: string[];
  /**
   * Browser origins (scheme://host[:port], lower case) that may connect besides the server's own, which are those with the host
   * that the request was sent to. `*` and `null` are refused.
   * @default []
   */
  allowedOrigins: string[];
  /**
   * Claims, besides issuer and subject, that a refreshed token has to repeat, for example a tenant.
   * @default []
   */
  identityClaims: string[];
  /**
   * Connections that one subject may have on this node.
   * @default 20
   */
  maxConnectionsPerSubject: number;
  /**
   * What happens to one more: `refuse` answers it with 429, `replace-oldest` lets it in and closes the oldest with 4409.
   * @default 'refuse'
   */
  onTooManyConnections: SubjectLimitPolicy;
  /**
   * Lets the element `*` of the `rooms` claim stand for every room. Absent, `*` grants nothing.
   * @default false
   */
  allowWildcardRooms: boolean;
  /**
   * Answers 404 instead of 403 when the room policy says no, for apps in which the existence of a room is secret.
   * @default false
   */
  hideRooms: boolean;
  /**
   * Milliseconds for which revocations may be unconfirmed by the `RevocationStore`; after them nobody is admitted and no token
   * refreshed (503 `authority_stale`) until they are confirmed again. The default store is never stale.
   * @default 30000
   */
  maxAuthorityStalenessMs: number;
  /**
   * What happens to open connections meanwhile: `keep` lets them go on, `mute` handles no message of theirs and sends them
   * nothing, as after the expiry of a token; afterwards they get what they missed.
   * @default 'keep'
   */
  onStaleAuthority: StaleAuthorityPolicy;
}

const isText = (item: unknown): boolean => typeof item === 'string' && item.length > 0;
const isHost = (item: unknown): boolean =>
  typeof item === 'string' && /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/.test(item);
const isOrigin = (item: unknown): boolean =>
  typeof item === 'string' && /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s*A-Z]+$/.test(item);

export const ADMISSION_RULES: Record<keyof AdmissionOptions, Rule> = {
  issuers: (value) => (Array.isArray(value) ? undefined : 'a list of issuers'),
  realm: (value) =>
    isText(value) && /^[\x20-\x7e]{1,64}$/.test(value as string) && !/["\\]/.test(value as string)
      ? undefined
      : 'printable ASCII of at most 64 characters without quotes and backslashes',
  clockToleranceMs: integer(0, 300_000),
  logoutToleranceMs: integer(0, 300_000),
  maxTokenLifeMs: integer(1_000, Number.MAX_SAFE_INTEGER),
  maxTokenBytes: integer(256, 16_384),
  maxCachedSignatures: integer(0, 10_000_000),
  maxVerdictsPerTurn: integer(1, 100_000),
  verdictDeadlineMs: integer(1, MAX_TIMER_MS),
  allowedHosts: listOf(
    'hosts in lower case such as "chat.example.com" or "localhost:3000"',
    isHost,
  ),
  allowedOrigins: listOf(
    'origins in lower case such as "https://app.example.com" ("*" and "null" can never be listed)',
    isOrigin,
  ),
  identityClaims: listOf('claim names', isText),
  maxConnectionsPerSubject: integer(1, 10_000_000),
  onTooManyConnections: oneOf(SUBJECT_LIMIT_POLICIES),
  allowWildcardRooms: flag,
  hideRooms: flag,
  maxAuthorityStalenessMs: integer(1_000, MAX_TIMER_MS),
  onStaleAuthority: oneOf(STALE_AUTHORITY_POLICIES),
};

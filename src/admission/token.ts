import { isUtf8 } from 'node:buffer';
import type { AuditReason } from './audit.js';
import type { RoomgateOptions } from '../module/options.js';
import { freezeJson, type RegisteredClaims } from './principal.js';
import { Refusal } from './refusals.js';

/** A token taken apart but not believed: nothing in it is true until a `TokenVerifier` says so. */
export interface UnverifiedToken {
  readonly text: string;
  readonly header: { readonly alg: string; readonly typ?: string; readonly kid?: string };
  readonly claims: Readonly<Record<string, unknown>>;
}

// Extensions and key hints change what a signature means or where its key comes from; libraries tolerate some.
const FORBIDDEN_HEADERS = ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c'];
const MAX_HEADER_VALUE_BYTES = 128;

type Header = UnverifiedToken['header'];

/**
 * The shape every token must have before any verifier sees it (RFC 7515 compact form, RFC 8725): three canonical
 * base64url parts, header and claims JSON objects without repeated members, nothing that steers verification.
 */
export function parseToken(text: string, maxBytes: number): UnverifiedToken | Refusal {
  if (text.length > maxBytes) return refuse('token_too_long');
  const first = text.indexOf('.');
  const second = text.indexOf('.', first + 1);
  if (first === -1 || second === -1 || text.includes('.', second + 1)) return refuse('token_parts');
  const headerPart = text.slice(0, first);
  const known = headerPart === last?.part ? last.header : undefined;
  const headerBytes = known ? NO_BYTES : decode(headerPart);
  const claimsBytes = decode(text.slice(first + 1, second));
  const signature = decode(text.slice(second + 1));
  if (!headerBytes || !claimsBytes || !signature) return refuse('token_encoding');
  // A part of Node's pool, which lives on: without its signature a token is worth nothing.
  signature.fill(0);
  const header = known ?? parseHeader(headerBytes);
  if (header instanceof Refusal) return header;
  const claims = parsePart(claimsBytes);
  return claims instanceof Refusal ? claims : { text, header, claims };
}

const NO_BYTES = Buffer.alloc(0);

/**
 * The good header that was seen last: most tokens of an issuer begin alike, and this is half of the work. It is made of the bytes:
 * a slice of the token would keep the whole token in memory.
 */
let last: { readonly part: string; readonly header: Header } | undefined;

function parseHeader(bytes: Buffer): Header | Refusal {
  const header = parsePart(bytes);
  if (header instanceof Refusal) return header;
  if (FORBIDDEN_HEADERS.some((name) => Object.hasOwn(header, name))) return refuse('token_header');
  const { alg, typ, kid } = header;
  if (typeof alg !== 'string' || !isShortText(typ) || !isShortText(kid))
    return refuse('token_header');
  // Shared by the tokens that begin with it.
  const parsed = Object.freeze({ alg, typ, kid });
  last = { part: bytes.toString('base64url'), header: parsed };
  return parsed;
}

function parsePart(bytes: Buffer): Record<string, unknown> | Refusal {
  // Decoding would turn every bad byte into the same character, and two subjects into one.
  if (!isUtf8(bytes)) return refuse('token_encoding');
  return parseObject(bytes.toString('utf8')) ?? refuse('token_json');
}

function refuse(reason: AuditReason): Refusal {
  return new Refusal('token_invalid', reason);
}

/**
 * Base64url (RFC 4648 §5) without padding whose unused bits are zero: the only spelling that encoding the bytes again gives. A regular
 * expression would do, but the last text that one matched stays in memory.
 */
function decode(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return part !== '' && bytes.toString('base64url') === part ? bytes : undefined;
}

function isShortText(value: unknown): value is string | undefined {
  return (
    value === undefined ||
    (typeof value === 'string' && Buffer.byteLength(value) <= MAX_HEADER_VALUE_BYTES)
  );
}

function parseObject(json: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // A repeated member is dropped silently by JSON.parse, and another parser may keep the other one.
  return countColons(json) === countMembers(value) ? (value as Record<string, unknown>) : undefined;
}

/** Colons outside of strings: in valid JSON, one per object member. */
function countColons(json: string): number {
  let colons = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const char = json.charCodeAt(i);
    if (inString) {
      if (char === 0x5c) i++;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x3a) colons++;
  }
  return colons;
}

function countMembers(root: object): number {
  let members = 0;
  const open: object[] = [root];
  for (let value = open.pop(); value; value = open.pop()) {
    const children: unknown[] = Object.values(value);
    if (!Array.isArray(value)) members += children.length;
    for (const child of children) if (typeof child === 'object' && child !== null) open.push(child);
  }
  return members;
}

export const MAX_SUBJECT_BYTES = 255;
const MAX_SECONDS = 2 ** 53;
const OPTIONAL_TEXTS = ['jti', 'sid', 'scope'];

/**
 * The claims roomgate relies on, checked after the signature and by one clock, whichever verifier ran: libraries
 * accept a missing or future `iat` and an infinite `exp`, and comparisons with such values are silently false.
 */
export function checkClaims(
  raw: Readonly<Record<string, unknown>>,
  now: number,
  rules: Pick<RoomgateOptions, 'clockToleranceMs' | 'maxTokenLifeMs'>,
): RegisteredClaims | Refusal {
  const claims = freezeJson(raw) as Record<string, unknown>;
  const { iss, sub, exp, iat, nbf } = claims;
  if (!isText(iss)) return invalid('claim_iss');
  if (!isText(sub) || Buffer.byteLength(sub) > MAX_SUBJECT_BYTES) return invalid('claim_sub');
  if (!isTime(exp)) return invalid('claim_exp');
  if (!isTime(iat)) return invalid('claim_iat');
  if (nbf !== undefined && !isTime(nbf)) return invalid('claim_nbf');
  if (
    OPTIONAL_TEXTS.some((name) => {
      const claim = claims[name];
      return claim !== undefined && claim !== '' && !isText(claim);
    })
  ) {
    return invalid('claim_type');
  }
  if (isLogoutEvent(claims.events)) return invalid('logout_token');
  if (now >= exp * 1000 + rules.clockToleranceMs)
    return new Refusal('token_expired').offBy(now - exp * 1000);
  if (nbf !== undefined && nbf * 1000 > now + rules.clockToleranceMs)
    return new Refusal('token_not_yet_valid', 'claim_nbf').offBy(nbf * 1000 - now);
  if (iat * 1000 > now + rules.clockToleranceMs)
    return new Refusal('token_not_yet_valid', 'claim_iat').offBy(iat * 1000 - now);
  if ((exp - iat) * 1000 > rules.maxTokenLifeMs)
    return invalid('token_life').offBy((exp - iat) * 1000 - rules.maxTokenLifeMs);
  return claims as RegisteredClaims;
}

/** Text that UTF-8 can hold: a lone surrogate has the bytes of every other one, so that two subjects would share an identity. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/\p{Surrogate}/u.test(value);
}

export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < MAX_SECONDS;
}

function invalid(reason: AuditReason): Refusal {
  return new Refusal('token_invalid', reason);
}

/** The member of the `events` claim that makes a JWT a logout token (OpenID Connect Back-Channel Logout 1.0, §2.4). */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Its issuer signs it with the same keys, and not every one says so in `typ`: it must not open a door. */
function isLogoutEvent(events: unknown): boolean {
  return typeof events === 'object' && events !== null && LOGOUT_EVENT in events;
}

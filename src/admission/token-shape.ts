import { isUtf8 } from 'node:buffer';
import type { AuditReason } from './audit-reasons.js';
import { Refusal } from './refusals.js';

/** A token taken apart but not believed: nothing in it is true until a `TokenVerifier` says so. */
export interface UnverifiedToken {
  readonly text: string;
  readonly header: { readonly alg: string; readonly typ?: string; readonly kid?: string };
  readonly claims: Readonly<Record<string, unknown>>;
}

// Extensions and key hints change what a signature means or where its key comes from; libraries tolerate some.
const FORBIDDEN_HEADERS = ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c'];
const PART = /^[A-Za-z0-9_-]+$/;
/** By the length modulo 4: the characters that may come last. */
const LAST_CHARACTERS: Record<number, string> = { 2: 'AQgw', 3: 'AEIMQUYcgkosw048' };
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
  const claimsPart = text.slice(first + 1, second);
  if (!isCanonical(headerPart) || !isCanonical(claimsPart) || !isCanonical(text.slice(second + 1)))
    return refuse('token_encoding');
  const header = headerPart === last?.part ? last.header : parseHeader(headerPart);
  if (header instanceof Refusal) return header;
  const claims = parsePart(claimsPart);
  return claims instanceof Refusal ? claims : { text, header, claims };
}

/** The good header that was seen last: most tokens of an issuer begin alike, and this is half of the work. */
let last: { readonly part: string; readonly header: Header } | undefined;

function parseHeader(part: string): Header | Refusal {
  const header = parsePart(part);
  if (header instanceof Refusal) return header;
  if (FORBIDDEN_HEADERS.some((name) => Object.hasOwn(header, name))) return refuse('token_header');
  const { alg, typ, kid } = header;
  if (typeof alg !== 'string' || !isShortText(typ) || !isShortText(kid))
    return refuse('token_header');
  // Shared by the tokens that begin with it.
  const parsed = Object.freeze({ alg, typ, kid });
  last = { part, header: parsed };
  return parsed;
}

function parsePart(part: string): Record<string, unknown> | Refusal {
  const bytes = Buffer.from(part, 'base64url');
  // Decoding would turn every bad byte into the same character, and two subjects into one.
  if (!isUtf8(bytes)) return refuse('token_encoding');
  return parseObject(bytes.toString('utf8')) ?? refuse('token_json');
}

function refuse(reason: AuditReason): Refusal {
  return new Refusal('token_invalid', reason);
}

/** Base64url (RFC 4648 §5) without padding whose unused bits are zero: each bytes have exactly one such spelling. */
function isCanonical(part: string): boolean {
  if (!PART.test(part)) return false;
  const rest = part.length % 4;
  return (
    rest === 0 || (rest !== 1 && (LAST_CHARACTERS[rest] as string).includes(part.at(-1) as string))
  );
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

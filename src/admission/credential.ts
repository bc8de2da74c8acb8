import { unescape } from 'node:querystring';
import { Refusal } from './refusals.js';
import { headerValues, type UpgradeRequest, valuesOf } from './upgrade-request.js';

/** Where the bearer token of an upgrade request may stand. Replace it through `RoomgateModule.forRoot({ extractor })`. */
export abstract class TokenExtractor {
  /** The one token, or why there is none. */
  abstract extract(request: UpgradeRequest): string | Refusal;
}

/** The Authorization header (RFC 6750 §2.1), the scheme in any case (RFC 9110 §11.1). A request that has the header is never `no_token`. */
export class AuthorizationHeaderExtractor extends TokenExtractor {
  extract(request: UpgradeRequest): string | Refusal {
    const values = valuesOf(request, 'authorization');
    const [value] = values;
    if (value === undefined) return new Refusal('no_token');
    const token = values.length === 1 ? bearerToken(value) : undefined;
    if (token !== undefined) return token;
    const { shape } = seeAuthorization(values);
    if (shape === 'doubled_header' || shape === 'list') return new Refusal('multiple_credentials');
    // RFC 6750 §3.1: a scheme that is not supported is no error of the bearer scheme.
    return new Refusal(shape === 'other_scheme' ? 'unsupported_scheme' : 'malformed_authorization');
  }
}

/**
 * A token in the URL ends up in logs, histories and referrers, so it is refused even when a good header stands beside it
 * (RFC 9700 §4.3.2). The parameter's name in the answer comes from our list, never from the request.
 */
export function refuseTokenInQuery(query: string): Refusal | undefined {
  const seen = seeInQuery(query);
  if (!seen) return undefined;
  const where = seen.name === undefined ? 'a value with the shape of a JWT' : `"${seen.name}"`;
  const detail = `A token was found in the query string (${where}). Send it in the Authorization header instead: it does not belong in a URL.`;
  return new Refusal('token_in_query', 'token_in_query', detail);
}

/** Where clients put credentials, as the end of a sentence that begins with "Seen". Only `authorization` is read by default. */
export const CREDENTIAL_PLACES = {
  authorization: 'in the Authorization header',
  header: 'in another header',
  query: 'in the query string',
  cookie: 'in a cookie',
  subprotocol: 'in Sec-WebSocket-Protocol',
  body: 'in the body, or announced by the content type',
  none: 'in no place where clients put credentials',
} as const;

export type CredentialPlace = keyof typeof CREDENTIAL_PLACES;

/** The forms in which credentials arrive: what was seen, and what to do about it where that is not "use the header". */
export const CREDENTIAL_SHAPES = {
  none: { seen: 'nothing' },
  bearer: { seen: '"Bearer" and one token' },
  jwt: { seen: 'a JWT' },
  text: { seen: 'a value that is no JWT' },
  empty: { seen: 'an empty value', change: 'Send a value: "Bearer", one space and the token.' },
  raw_token: {
    seen: 'a value without a scheme',
    change: 'Write "Bearer" and one space before the token.',
  },
  scheme_only: {
    seen: '"Bearer" without a token',
    change: 'Write the token after "Bearer"; the variable that holds it may be empty.',
  },
  no_space: {
    seen: '"Bearer" with no space after it',
    change: 'Write one space between "Bearer" and the token.',
  },
  colon: {
    seen: '"Bearer" with a colon or an equals sign after it',
    change: 'Write a space instead: "Bearer <token>".',
  },
  tab: { seen: 'a tab', change: 'Write a space instead of the tab.' },
  quotes: { seen: 'quotes', change: 'Send the value without quotes.' },
  doubled_scheme: {
    seen: '"Bearer" twice',
    change: 'Write "Bearer" once; the token may already contain it.',
  },
  header_name: {
    seen: 'the name of the header inside its value',
    change: 'Send "Bearer <token>" as the value, without "Authorization:".',
  },
  other_scheme: {
    seen: 'another scheme than "Bearer"',
    change: 'Use the scheme "Bearer".',
  },
  doubled_header: {
    seen: 'more than one Authorization header',
    change: 'Send one Authorization header; a proxy or a client library may add another one.',
  },
  list: {
    seen: 'several credentials separated by commas',
    change: 'Send one Authorization header with one token.',
  },
  several_words: {
    seen: 'more than one word after "Bearer"',
    change: 'Send "Bearer", one space and the token, and nothing else.',
  },
  encoded: {
    seen: 'percent-encoding',
    change: 'Send the value as it is: headers are not percent-encoded.',
  },
  placeholder: {
    seen: 'a placeholder such as "undefined" or "<token>"',
    change: 'Send a real token: the variable of the client was not set or not filled in.',
  },
  characters: {
    seen: 'a character that no token has',
    change: 'Send the token as the issuer wrote it, in base64url with dots.',
  },
  form: { seen: 'a form' },
  json: { seen: 'JSON' },
} as const satisfies Record<string, { readonly seen: string; readonly change?: string }>;

export type CredentialShape = keyof typeof CREDENTIAL_SHAPES;

/** A credential that was seen in a refused request, in words of our own lists. It holds nothing that was sent. */
export interface SeenCredential {
  readonly place: CredentialPlace;
  readonly shape: CredentialShape;
  /** Which query parameter, cookie, header or scheme, by the names that roomgate knows; absent for any other name. */
  readonly name?: string;
}

const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** The token of one Authorization header (RFC 6750 §2.1), the scheme in any case (RFC 9110 §11.1); undefined for another value. */
function bearerToken(value: string): string | undefined {
  return BEARER.exec(value)?.[1];
}

const named = (...names: readonly string[]): ReadonlyMap<string, string> =>
  new Map(names.map((name) => [plain(name), name]));

/** Names are compared without case and separators: `accessToken`, `access-token` and `access_token` are one. */
function plain(name: string): string {
  const lower = name.toLowerCase();
  return /[._-]/.test(lower) ? lower.replaceAll(/[._-]/g, '') : lower;
}

/** Names of tokens in queries, cookies and subprotocols. */
const TOKEN_NAMES = named(
  'access_token',
  'token',
  'jwt',
  'authorization',
  'id_token',
  'auth',
  'auth_token',
  'bearer',
  'bearer_token',
  'jwt_token',
  'refresh_token',
  'oauth_token',
  'session_token',
);
const MAX_NAME = 64;
/** Every one of them has such a part; most queries have none. */
const PART_OF_NAMES = /tok|jwt|auth|bearer/i;

/** Headers that carry credentials elsewhere. */
const HEADER_NAMES = new Set([
  'proxy-authorization',
  'x-authorization',
  'x-forwarded-authorization',
  'authentication',
  'x-access-token',
  'x-auth-token',
  'x-token',
  'x-bearer-token',
  'x-jwt-token',
  'x-id-token',
  'access-token',
  'auth-token',
  'id-token',
  'token',
  'jwt',
  'x-jwt',
  'bearer',
  'auth',
  'x-auth',
  'x-session-token',
  'x-forwarded-access-token',
  'x-api-key',
  'api-key',
  'apikey',
]);

const SCHEMES = new Set([
  'token',
  'jwt',
  'basic',
  'digest',
  'oauth',
  'apikey',
  'api-key',
  'negotiate',
  'ntlm',
  'hmac',
  'hawk',
  'dpop',
  'mac',
  'key',
  'aws4-hmac-sha256',
]);

const PLACEHOLDER =
  /^(?:bearer +)?(?:undefined|null|none|nil|nan|true|false|\[object \w+\]|<[^<>]*>|\$\(?\{?\w*\}?\)?|%\w+%|\{\{?[^{}]*\}\}?|\.{2,}|x{3,}|(?:your|my)[-_ ]?(?:access|jwt)?[-_ ]?token|token|jwt)$/i;

/** What the Authorization headers of a request look like; there is at least one. */
function seeAuthorization(values: readonly string[]): SeenCredential {
  const seen = (shape: CredentialShape): SeenCredential => ({ place: 'authorization', shape });
  const [value = ''] = values;
  if (values.length > 1) return seen('doubled_header');
  if (value === '') return seen('empty');
  if (PLACEHOLDER.test(value)) return seen('placeholder');
  if (value.includes(',')) return seen('list');
  if (bearerToken(value) !== undefined) return seen('bearer');
  if (/^bearer/i.test(value)) return seen(shapeAfterBearer(value.slice('bearer'.length)));
  if (/^authorization\b/i.test(value)) return seen('header_name');
  if (/^["'`]/.test(value)) return seen('quotes');
  const [, scheme = '', rest] = /^([A-Za-z][\w-]*)([\s:=%].*)?$/s.exec(value) ?? [];
  const known = SCHEMES.has(scheme.toLowerCase()) ? scheme.toLowerCase() : undefined;
  if (known !== undefined) return { ...seen('other_scheme'), name: known };
  return seen(rest !== undefined && /^\s/.test(rest) ? 'other_scheme' : 'raw_token');
}

function shapeAfterBearer(rest: string): CredentialShape {
  if (rest.trim() === '') return 'scheme_only';
  if (/^\s*[:=]/.test(rest)) return 'colon';
  if (/["'`]|%22|%27/.test(rest)) return 'quotes';
  if (/^\s+bearer\b/i.test(rest)) return 'doubled_scheme';
  if (rest.includes('\t')) return 'tab';
  if (/%[\da-f]{2}/i.test(rest)) return 'encoded';
  if (!rest.startsWith(' ')) return 'no_space';
  return rest.trim().includes(' ') ? 'several_words' : 'characters';
}

/**
 * Where a refused request has a credential: the first of all places, by how plainly it is meant as one. The work is one pass over
 * the query and one over the headers, both of which Node bounds; it is done for refusals alone.
 */
export function seeCredential(rawHeaders: readonly string[], query: string): SeenCredential {
  const inQuery = seeInQuery(query);
  if (inQuery) return inQuery;
  const values = headerValues({ rawHeaders }, 'authorization');
  if (values.length > 0) return seeAuthorization(values);
  let best: SeenCredential | undefined;
  let rank = Infinity;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const found = seeInHeader((rawHeaders[at] as string).toLowerCase(), rawHeaders[at + 1] ?? '');
    if (!found || rankOf(found) >= rank) continue;
    best = found;
    rank = rankOf(found);
  }
  return best ?? { place: 'none', shape: 'none' };
}

/** A body, or what announces one (RFC 6750 §2.2); undefined when the request has neither. */
export function seeBody(rawHeaders: readonly string[]): SeenCredential | undefined {
  const announced = seeInHeader(
    'content-type',
    headerValues({ rawHeaders }, 'content-type').join(),
  );
  if (announced) return announced;
  const hasBody =
    headerValues({ rawHeaders }, 'transfer-encoding').length > 0 ||
    headerValues({ rawHeaders }, 'content-length').some((length) => length !== '0');
  return hasBody ? { place: 'body', shape: 'text' } : undefined;
}

const ORDER: readonly CredentialPlace[] = ['subprotocol', 'header', 'body', 'cookie'];

/** A name of ours is better evidence than a value of the right shape, and that than a cookie that may be for anything. */
function rankOf({ place, shape, name }: SeenCredential): number {
  const certainty = name !== undefined ? 0 : shape === 'jwt' ? 1 : 2;
  return certainty * ORDER.length + ORDER.indexOf(place);
}

function seeInHeader(name: string, value: string): SeenCredential | undefined {
  if (name === 'sec-websocket-protocol') return seeInList('subprotocol', value.split(','));
  if (name === 'cookie')
    return seeInList('cookie', value.split(';')) ?? { place: 'cookie', shape: 'text' };
  if (name === 'content-type') {
    if (/x-www-form-urlencoded|multipart\/form-data/i.test(value))
      return { place: 'body', shape: 'form' };
    return /json/i.test(value) ? { place: 'body', shape: 'json' } : undefined;
  }
  if (HEADER_NAMES.has(name)) return { place: 'header', shape: shapeOf(value), name };
  return hasJwt(value) ? { place: 'header', shape: 'jwt' } : undefined;
}

/** Cookies (`name=value`), or subprotocols, where a token follows its name as another entry or after a separator. */
function seeInList(
  place: 'cookie' | 'subprotocol',
  entries: readonly string[],
): SeenCredential | undefined {
  for (const entry of entries) {
    // Trimmed first: two runs of blanks beside an empty name would be tried in every way.
    const [, name = '', value] = /^([^\s=]*)\s*(?:=(.*))?$/s.exec(entry.trim()) ?? [];
    const known = TOKEN_NAMES.get(plain(name.slice(0, MAX_NAME)));
    if (known === undefined && !name.startsWith('base64url.bearer.')) continue;
    const rest = value ?? (place === 'subprotocol' ? entries.join() : '');
    return { place, shape: shapeOf(rest), name: known ?? 'bearer' };
  }
  return entries.some(hasJwt) ? { place, shape: 'jwt' } : undefined;
}

/**
 * A token in a query string: a parameter of one of our names, or of any name with a value of the shape of a JWT. Names and values
 * may be percent-encoded several times; `;` separates parameters as `&` does. Work grows with the length of the query alone.
 */
function seeInQuery(query: string): SeenCredential | undefined {
  if (query === '') return undefined;
  const decoded = decode(query);
  return (
    (PART_OF_NAMES.test(decoded) ? seeName(query) : undefined) ??
    (hasJwt(decoded) ? { place: 'query', shape: 'jwt' } : undefined)
  );
}

function seeName(query: string): SeenCredential | undefined {
  for (const pair of query.split(/[&;]/)) {
    if (pair === '') continue;
    const cut = pair.indexOf('=');
    const found = tokenName(decode(cut === -1 ? pair : pair.slice(0, cut)));
    if (found === undefined) continue;
    const value = cut === -1 ? '' : decode(pair.slice(cut + 1));
    return { place: 'query', shape: shapeOf(value), name: found };
  }
  return undefined;
}

/** `token`, `token[]`, `token[0]` and `auth[token]` are names of tokens. */
function tokenName(text: string): string | undefined {
  if (text.length > MAX_NAME) return undefined;
  if (!text.includes('[')) return TOKEN_NAMES.get(plain(text));
  for (const part of text.split(/[[\]]/)) {
    const found = TOKEN_NAMES.get(plain(part));
    if (found !== undefined) return found;
  }
  return undefined;
}

const MAX_ENCODINGS = 4;

/** Percent-decoded as often as something changes, within reason. What is not valid UTF-8 is decoded byte by byte. */
function decode(text: string): string {
  let decoded = text;
  for (let round = 0; round < MAX_ENCODINGS && decoded.includes('%'); round++) {
    const next = unescape(decoded);
    if (next === decoded) break;
    decoded = next;
  }
  return decoded;
}

function shapeOf(value: string): CredentialShape {
  if (value.trim() === '') return 'empty';
  return hasJwt(value) ? 'jwt' : 'text';
}

/** Whether a JWT stands somewhere in the text: three parts of base64url, the first of which begins with `{"` (RFC 7519 §3.1). */
export function hasJwt(text: string): boolean {
  if (!text.includes('eyJ')) return false;
  for (const run of text.split(/[^\w.=-]+/)) {
    const parts = run.split('.');
    for (let at = 0; at + 2 < parts.length; at++)
      if ((parts[at] as string).includes('eyJ')) return true;
  }
  return false;
}

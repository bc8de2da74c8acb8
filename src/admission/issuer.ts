import { RoomgateError } from '../core/errors.js';
import { quote, refuseUnknown } from '../core/option-rules.js';
import type { IssuerOptions, TokenAlgorithm } from './admission.options.js';
import { isMac, loadKey, macBytes, type VerificationKey } from './verification-key.js';

/** An issuer as the verifier uses it: everything checked, every key loaded once. */
export interface Issuer {
  readonly issuer: string;
  readonly audience?: [string, ...string[]];
  readonly logoutAudience?: [string, ...string[]];
  readonly algorithms: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly keys: readonly VerificationKey[];
  /** What the signature of one token costs at most, in the unit of `VerificationKey.cost`. */
  readonly maxCost: number;
}

const ALGORITHM = /^(HS|RS|PS|ES)(256|384|512)$/;
const MAX_KEYS = 16;
/** Keys on which a token that names no key of its issuer is tried: a forged one costs a check on each. */
const MAX_KEYS_WITHOUT_KID = 4;
const MEMBERS = ['issuer', 'audience', 'algorithms', 'keys', 'typ', 'logoutAudience'];
/** The type of OpenID Connect Back-Channel Logout 1.0, accepted there and nowhere else. */
export const LOGOUT_TYPE = 'logout+jwt';
const DEFAULT_TYPES = ['at+jwt', 'JWT'];
const DEVELOPMENT_ISSUER = 'urn:roomgate:dev';

/**
 * Loads the configured issuers, by their exact name.
 * @throws RoomgateError `invalid_options` for nonsense, `unsafe_options` for what a verifier must not be given. Keys are never quoted.
 */
export function loadIssuers(
  issuers: readonly IssuerOptions[],
  strict: boolean,
): ReadonlyMap<string, Issuer> {
  const loaded = new Map<string, Issuer>();
  for (const options of issuers) {
    const issuer = loadIssuer(options, strict);
    if (loaded.has(issuer.issuer)) fail(`Issuer ${quote(issuer.issuer)} is configured twice.`);
    loaded.set(issuer.issuer, issuer);
  }
  return loaded;
}

function loadIssuer(options: IssuerOptions, strict: boolean): Issuer {
  if (!isText(options?.issuer))
    fail(`Expected "issuer" to be a non-empty string, got ${quote(options?.issuer)}.`);
  const named = `of issuer ${quote(options.issuer)}`;
  // A misspelt "audience" would silently be none.
  refuseUnknown(options, MEMBERS, 'member', ` ${named}`);
  const audience = loadAudience(options.audience, 'audience', named);
  const logoutAudience = loadAudience(options.logoutAudience, 'logoutAudience', named) ?? audience;
  const algorithms = loadAlgorithms(options.algorithms, named);
  const types = options.typ ?? DEFAULT_TYPES;
  if (!Array.isArray(types) || types.length === 0 || !types.every(isText))
    fail(`Expected "typ" ${named} to be a list of type names, got ${quote(types)}.`);
  if (types.some((typ) => typeName(typ) === LOGOUT_TYPE))
    unsafe(`"typ" ${named} lists ${LOGOUT_TYPE}: a token that signs out must not let in.`);
  if (!Array.isArray(options.keys) || options.keys.length === 0 || options.keys.length > MAX_KEYS) {
    fail(`Expected "keys" ${named} to be a list of 1 to ${MAX_KEYS} keys.`);
  }
  const keys = options.keys.map((key, at) => loadKey(key, at + 1, algorithms, named));
  refuseRepeatedKid(keys, named);
  for (const algorithm of algorithms) {
    if (keys.some((key) => key.checks.has(algorithm))) continue;
    const needed = isMac(algorithm) ? `, which needs a secret of ${macBytes(algorithm)} bytes` : '';
    fail(`No key ${named} fits its algorithm ${algorithm}${needed}.`);
  }
  if (strict) refuseUnsafe(options.issuer, audience, keys, named);
  return Object.freeze({
    issuer: options.issuer,
    audience,
    logoutAudience,
    algorithms: new Set<string>(algorithms),
    types: new Set(types.map(typeName)),
    keys,
    maxCost: maxCostOf(keys, algorithms, named),
  });
}

/** A `typ` as it is compared: without case, and without the `application/` that may be left out (RFC 7515 §4.1.9). */
export function typeName(typ: string): string {
  const name = typ.toLowerCase();
  return name.startsWith('application/') ? name.slice('application/'.length) : name;
}

/** A `kid` that is there twice does not say which key is meant, and a new key could be overlooked behind an old one. */
function refuseRepeatedKid(keys: readonly VerificationKey[], named: string): void {
  const seen = new Map<string, number>();
  for (const [at, { kid }] of keys.entries()) {
    if (kid === undefined) continue;
    const first = seen.get(kid);
    if (first !== undefined)
      fail(
        `Keys ${first + 1} and ${at + 1} ${named} have the same "kid" ${quote(kid)}. Give each a "kid" of its own.`,
      );
    seen.set(kid, at);
  }
}

function maxCostOf(
  keys: readonly VerificationKey[],
  algorithms: readonly TokenAlgorithm[],
  named: string,
): number {
  const nameless = keys.filter((key) => key.kid === undefined);
  const costs = algorithms.map((algorithm) => {
    const tried = nameless.filter((key) => key.checks.has(algorithm));
    if (tried.length > MAX_KEYS_WITHOUT_KID)
      unsafe(
        `${tried.length} keys ${named} without "kid" fit ${algorithm}; at most ${MAX_KEYS_WITHOUT_KID} are allowed, because a forged token is tried on each of them. Give keys a "kid".`,
      );
    return tried.reduce((sum, { cost }) => sum + cost, 0);
  });
  return Math.max(...costs, ...keys.map(({ cost }) => cost));
}

function loadAudience(
  given: unknown,
  member: string,
  named: string,
): [string, ...string[]] | undefined {
  if (given === undefined) return undefined;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  // An empty one would be none, and what is no text would match nobody.
  if (list.length === 0 || !list.every(isText))
    fail(
      `Expected "${member}" ${named} to be a non-empty string or a list of them, got ${quote(given)}.`,
    );
  return list as [string, ...string[]];
}

function loadAlgorithms(given: unknown, named: string): TokenAlgorithm[] {
  if (
    !Array.isArray(given) ||
    given.length === 0 ||
    !given.every((item) => isText(item) && ALGORITHM.test(item))
  ) {
    fail(
      `Expected "algorithms" ${named} to be a list such as ["ES256"] (HS, RS, PS or ES with 256, 384 or 512), got ${quote(given)}.`,
    );
  }
  const list = given as TokenAlgorithm[];
  if (list.some(isMac) && !list.every(isMac)) {
    unsafe(
      `Algorithms ${named} mix shared secrets (HS*) with public keys: a public key could then pass for a secret. Use two issuers.`,
    );
  }
  return list;
}

function refuseUnsafe(
  issuer: string,
  audience: unknown,
  keys: readonly VerificationKey[],
  named: string,
): void {
  if (issuer === DEVELOPMENT_ISSUER || keys.some((key) => isDevelopmentKid(key.kid))) {
    unsafe(
      `Development keys (issuer ${DEVELOPMENT_ISSUER} or a kid that begins with "dev-") are for NODE_ENV "development" or "test" only.`,
    );
  }
  if (!audience)
    unsafe(
      `"audience" ${named} is required unless NODE_ENV is "development" or "test": without it a token meant for another service opens this one.`,
    );
}

/** Development tokens are refused in strict mode even when somebody configured a key that fits. */
export function isDevelopmentKid(kid: string | undefined): boolean {
  return kid?.startsWith('dev-') ?? false;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function fail(message: string): never {
  throw new RoomgateError('invalid_options', message);
}

function unsafe(message: string): never {
  throw new RoomgateError('unsafe_options', message);
}

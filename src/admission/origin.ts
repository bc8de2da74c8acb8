import type { RoomgateOptions } from '../module/options.js';
import { Refusal } from './refusals.js';
import { type UpgradeRequest, valuesOf } from './upgrade-request.js';

/**
 * Cross-site WebSocket hijacking (CWE-1385) and DNS rebinding: a browser always names the origin of the page, other clients need
 * not. Without an Origin the request passes. An Origin passes when it is that of our own host, or listed. Our own host must be
 * listed if any is.
 */
export function checkOrigin(
  request: UpgradeRequest,
  rules: Pick<RoomgateOptions, 'allowedHosts' | 'allowedOrigins' | 'trustProxyHops'>,
): Refusal | undefined {
  const origins = valuesOf(request, 'origin');
  // Most clients are no browsers, and most servers list no hosts.
  if (origins.length === 0 && rules.allowedHosts.length === 0) return undefined;
  const host = ownHost((name) => valuesOf(request, name), rules);
  const refusal = checkHost(host, rules);
  if (refusal || origins.length === 0) return refusal;
  if (origins.length > 1) return new Refusal('origin_not_allowed', 'origin_doubled');
  const origin = origins[0] as string;
  if (isOwn(origin, host) || isListed(origin, rules.allowedOrigins)) return undefined;
  return new Refusal('origin_not_allowed').saw(canonicalOrigin(origin));
}

/**
 * The host that the client asked for: what the outermost of our proxies says of it, else the one `Host` of the request. Most
 * proxies replace the header instead of adding to it, so a list shorter than `trustProxyHops` begins with the outermost.
 */
export function ownHost(
  headers: HeaderValues,
  { trustProxyHops }: Pick<RoomgateOptions, 'trustProxyHops'>,
): string {
  const arrived = headers('host')[0] ?? '';
  if (trustProxyHops === 0) return arrived;
  const [host = '', ...others] = forwardedLists(headers, 'host').map(
    (hosts) => hosts[Math.max(0, hosts.length - trustProxyHops)] ?? '',
  );
  const doAgree = others.every((other) => isSameHost(parseHost(other), parseHost(host)));
  return (doAgree && host) || arrived;
}

/** Whether the host is one of `allowedHosts`: an entry without a port stands for every port. */
export function checkHost(
  host: string,
  { allowedHosts }: Pick<RoomgateOptions, 'allowedHosts'>,
): Refusal | undefined {
  if (allowedHosts.length === 0 || allowedHosts.includes(host)) return undefined;
  const own = parseHost(host);
  const isAllowed =
    own !== undefined &&
    allowedHosts.some((entry) => {
      const allowed = parseHost(entry);
      if (allowed?.name !== own.name) return false;
      return !HAS_PORT.test(entry) || allowed.port === own.port;
    });
  return isAllowed ? undefined : new Refusal('host_not_allowed').saw(host.toLowerCase());
}

interface Host {
  /** In lower case; an IPv6 address in brackets and in its shortest form. */
  readonly name: string;
  /** Undefined when there is none, and for 80 and 443: who ends TLS does not always say so to us. */
  readonly port: number | undefined;
}

const HOST = /^([\w.-]+|\[[\da-f:.]+\])(?::(\d*))?$/i;
const HAS_PORT = /:\d+$/;
const ORIGIN = /^(https?|wss?):\/\/([^/?#\s,\\@]+)(?:[/?#][^\s,\\]*)?$/i;

/** The value of a Host header (RFC 9110 §7.2) as host and port; undefined when it is none. */
export function parseHost(text: string): Host | undefined {
  const found = HOST.exec(text);
  if (!found) return undefined;
  const name = (found[1] as string).toLowerCase();
  const port = found[2] ? Number(found[2]) : undefined;
  if (port !== undefined && port > 65_535) return undefined;
  const known = name.startsWith('[') ? shortIPv6(name) : name;
  if (known === undefined) return undefined;
  return { name: known, port: port === 80 || port === 443 ? undefined : port };
}

/** The last good one: nearly all requests have the same. */
let lastHost = '';

/** Whether the text is written as a Host header has to be. */
export function isHost(text: string): boolean {
  if (text !== '' && text === lastHost) return true;
  if (!HOST.test(text)) return false;
  lastHost = text;
  return true;
}

export function isSameHost(one: Host | undefined, other: Host | undefined): boolean {
  return one !== undefined && one.name === other?.name && one.port === other.port;
}

function shortIPv6(name: string): string | undefined {
  return URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : undefined;
}

/** Origins are read as URLs: some clients write `ws://` or add the path of what they connect to. */
function isOwn(origin: string, host: string): boolean {
  const found = ORIGIN.exec(origin);
  return found !== null && isSameHost(parseHost(found[2] as string), parseHost(host));
}

function isListed(origin: string, allowed: readonly string[]): boolean {
  if (allowed.length === 0) return false;
  const canonical = canonicalOrigin(origin);
  return allowed.some((entry) => entry === canonical || canonicalOrigin(entry) === canonical);
}

/** Scheme, host and port; `ws` is `http`, and the default port of the scheme is left out. Origins of other schemes stay as they are. */
function canonicalOrigin(origin: string): string {
  const lower = origin.toLowerCase();
  const [, scheme, authority = ''] = ORIGIN.exec(lower) ?? [];
  const host = parseHost(authority);
  if (!host) return lower;
  const isSecure = scheme === 'https' || scheme === 'wss';
  const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? (isSecure ? 443 : 80));
  const suffix = port === (isSecure ? 443 : 80) ? '' : `:${port}`;
  return `${isSecure ? 'https' : 'http'}://${host.name}${suffix}`;
}

/** All values of a header, whose name is in lower case. */
type HeaderValues = (name: string) => readonly string[];

/**
 * What proxies say of a request, the nearest proxy last: a list for `X-Forwarded-For` or `X-Forwarded-Host`, and one for `Forwarded`
 * (RFC 7239), each only where it says something. A proxy that did not say has an empty value. Only the last `trustProxyHops` values
 * are our own proxies', and only of the header that they write: a client can send the other one. So two lists have to agree.
 */
export function forwardedLists(valuesOf: HeaderValues, name: 'for' | 'host'): string[][] {
  const simple = valuesOf(`x-forwarded-${name}`)
    .join(',')
    .split(',')
    .map((value) => value.trim());
  const standard = parseForwarded(valuesOf('forwarded').join(','), name);
  const lists = [simple, standard ?? []].filter((list) => list.some((value) => value !== ''));
  // What is not well formed may be what our proxy has added to, so it counts, and agrees with nothing.
  if (standard === undefined) lists.push([]);
  return lists;
}

/** One `name=value` of RFC 7239 §4 and what separates it from the next. Addresses with a port pass without quotes, too. */
const PAIR =
  /[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=(?:([^\s",;=]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?([,;]|$)/y;

/** Undefined where the header is not well formed: two parsers could read it in two ways. */
function parseForwarded(text: string, wanted: string): string[] | undefined {
  if (text === '') return [];
  const values = [''];
  PAIR.lastIndex = 0;
  for (;;) {
    const found = PAIR.exec(text);
    if (!found) return undefined;
    const [, name, plain, quoted = '', end] = found;
    if (name?.toLowerCase() === wanted)
      values[values.length - 1] = plain ?? quoted.replaceAll(/\\(.)/g, '$1');
    if (end === '') return values;
    if (end === ',') values.push('');
  }
}

import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { forwardedLists } from '../admission/origin.js';
import { headerValues } from '../admission/upgrade-request.js';

/** Some proxies add the port, and brackets around IPv6. */
function withoutPort(text: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}

/** What counts as one peer: an IPv4 address however it is written, or an IPv6 network of /64, which is what one customer gets. */
export function addressGroup(address: string | undefined): string {
  if (address === undefined || isIPv4(address)) return address ?? '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::') ? 8 - left.length - right.length : 0;
  const groups = [...left, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...right];
  const mappedHex = groups.slice(0, 6).map((group) => Number.parseInt(group, 16));
  if (mappedHex.slice(0, 5).every((group) => group === 0) && mappedHex[5] === 0xffff)
    return ipv4Of(groups.slice(6));
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

function ipv4Of(groups: readonly string[]): string {
  return groups
    .flatMap((group) => {
      const number = Number.parseInt(group, 16);
      return [number >> 8, number & 0xff];
    })
    .join('.');
}

const FORWARDING = ['x-forwarded-for', 'forwarded'];
const UNTRUSTED =
  'A request has a header X-Forwarded-For or Forwarded, which is ignored because the option "trustProxyHops" is 0. If it is from a proxy of yours, set "trustProxyHops" to the number of your proxies in front of this server: until then all clients behind one share what one address may have (5 % of "maxPendingUpgrades"). If you have no proxy, a client has sent it, and nothing is to be done.';

const DISAGREEING =
  'X-Forwarded-For and Forwarded of a request name different clients, so the address of the proxy counts. Have your proxy delete the header that it does not write (nginx: proxy_set_header Forwarded "";), because clients can send it.';

/**
 * The addresses that requests came from. Behind proxies of our own it is the one that the outermost of them saw: the `hops`-th from
 * the right of `X-Forwarded-For` or `Forwarded` (RFC 7239), to which each proxy adds its peer. Where both are there and disagree, or
 * name no address, it is that of the socket. With zero hops the headers are anybody's claim, and are ignored.
 */
export class PeerAddresses {
  readonly #told = new Set<string>();

  constructor(
    private readonly hops: number,
    private readonly warn: (line: string) => void,
  ) {}

  of(message: IncomingMessage): string | undefined {
    const remote = message.socket.remoteAddress;
    if (this.hops > 0) return this.#seen(message) ?? remote;
    if (!this.#told.has(UNTRUSTED) && FORWARDING.some((name) => headerValues(message, name).length))
      this.#tell(UNTRUSTED);
    return remote;
  }

  #seen(message: IncomingMessage): string | undefined {
    const lists = forwardedLists((name) => headerValues(message, name), 'for');
    const [first = '', second = first] = lists.map((list) =>
      withoutPort(list.at(-this.hops) ?? ''),
    );
    if (addressGroup(first) !== addressGroup(second)) this.#tell(DISAGREEING);
    else if (isIPv4(first) || isIPv6(first)) return first;
    return undefined;
  }

  /** Once: anybody can send such headers. */
  #tell(line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.warn(line);
  }
}

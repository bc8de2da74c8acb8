import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { forwardedLists } from '../admission/origin.js';
import { headerValues } from '../admission/upgrade-request.js';
import { MessageRate, type Paced } from '../connection/rate-limit.js';
import { KeyedCounter } from '../core/keyed-counter.js';
import type { RoomgateOptions } from '../module/options.js';

/** One address has at most this part of the slots of one kind. */
const SHARE_OF_ONE = 0.05;
/** Addresses whose rate is remembered; of more the longest known are forgotten. */
const MAX_PACED = 10_000;

/** A bounded number of slots, of which one address has at most its share. */
class Slots {
  #taken = 0;
  readonly #byAddress = new KeyedCounter();
  readonly #share: number;

  constructor(private readonly most: number) {
    this.#share = Math.ceil(most * SHARE_OF_ONE);
  }

  get taken(): number {
    return this.#taken;
  }

  /** Addresses that have one. */
  get addresses(): number {
    return this.#byAddress.size;
  }

  of(address: string): number {
    return this.#byAddress.of(address);
  }

  hasOne(address: string): boolean {
    return this.#taken < this.most && this.of(address) < this.#share;
  }

  take(address: string): void {
    this.#taken += 1;
    this.#byAddress.add(address);
  }

  giveBack(address: string): void {
    this.#taken -= 1;
    this.#byAddress.remove(address);
  }
}

/** Who may knock: slots, and what one address may have of them, of connections, and of attempts in a time. */
export class UpgradeLimits {
  /** Upgrades for rooms that wait for a verdict. */
  readonly pending: Slots;
  /** Upgrades that are nobody's yet. They may be a stranger's, so they never use up the slots of verdicts. */
  readonly unclaimed: Slots;
  readonly #open = new Slots(Infinity);
  readonly #paced = new Map<string, Paced>();
  readonly #rate: MessageRate;

  constructor(
    private readonly rules: Pick<
      RoomgateOptions,
      | 'maxPendingUpgrades'
      | 'maxConnectionsPerAddress'
      | 'maxUpgradesPerAddress'
      | 'upgradeWindowMs'
    >,
    private readonly now: () => number,
  ) {
    const { maxPendingUpgrades, maxUpgradesPerAddress: most, upgradeWindowMs } = rules;
    this.pending = new Slots(maxPendingUpgrades);
    this.unclaimed = new Slots(maxPendingUpgrades);
    this.#rate = new MessageRate({
      maxMessagesPerWindow: most,
      messageWindowMs: upgradeWindowMs,
      messageBurst: most,
    });
  }

  /** Addresses that are known. */
  get size(): number {
    return (
      this.pending.addresses + this.unclaimed.addresses + this.#open.addresses + this.#paced.size
    );
  }

  /**
   * Whether the address may have another verdict. Every attempt counts, whatever its verdict. All who wait for one may get in, so
   * they count among the connections of their address.
   */
  mayKnock(address: string): boolean {
    const { maxConnectionsPerAddress: most } = this.rules;
    return (
      this.isInPace(address) &&
      this.pending.hasOne(address) &&
      (most === 0 || this.#open.of(address) + this.pending.of(address) < most)
    );
  }

  /** Counted until its socket closes; without a limit a connection costs nothing here. */
  opened(address: string, socket: Duplex): void {
    if (this.rules.maxConnectionsPerAddress === 0) return;
    this.#open.take(address);
    socket.once('close', () => this.#open.giveBack(address));
  }

  /** Whether the address has attempts left. Counts one. */
  isInPace(address: string): boolean {
    if (this.#rate.isOff) return true;
    const paced = this.#paced.get(address) ?? { paidAt: 0 };
    // The longest known is the first one.
    this.#paced.delete(address);
    this.#paced.set(address, paced);
    const [oldest] = this.#paced.keys();
    if (this.#paced.size > MAX_PACED && oldest !== undefined) this.#paced.delete(oldest);
    return this.#rate.take(paced, 1, this.now()) === 0;
  }
}

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

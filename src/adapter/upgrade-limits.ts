import type { Duplex } from 'node:stream';
import { MessageRate, type Paced } from '../connection/message-rate.js';

export interface UpgradeLimitRules {
  readonly trustProxyHops: number;
  readonly maxPendingUpgrades: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxUpgradesPerAddress: number;
  readonly upgradeWindowMs: number;
}

/** What one address has. */
interface Peer {
  pending: number;
  open: number;
}

/** One address has at most this part of the upgrades that may wait for a verdict. */
const SHARE_OF_ONE = 0.05;
/** Addresses whose rate is remembered; of more the longest known are forgotten. */
const MAX_PACED = 10_000;

/** Who may knock: upgrades that wait for a verdict, and what one address may have of them, of connections, and of attempts in a time. */
export class UpgradeLimits {
  #pending = 0;
  readonly #peers = new Map<string, Peer>();
  readonly #paced = new Map<string, Paced>();
  readonly #rate: MessageRate;
  readonly #share: number;
  /** Whether it matters from which address somebody comes. */
  readonly tellApart: boolean;

  constructor(
    private readonly rules: UpgradeLimitRules,
    private readonly now: () => number,
    /** Looks for places that are no longer needed when there is none; answers whether it found one. */
    private readonly findPlaces: () => boolean = () => false,
  ) {
    const { maxUpgradesPerAddress: most, upgradeWindowMs, maxConnectionsPerAddress } = rules;
    // Behind a proxy that nobody told us of, all clients have one address.
    this.tellApart = rules.trustProxyHops > 0 || maxConnectionsPerAddress > 0 || most > 0;
    this.#share = this.tellApart ? Math.ceil(rules.maxPendingUpgrades * SHARE_OF_ONE) : Infinity;
    this.#rate = new MessageRate({
      maxMessagesPerWindow: most,
      messageWindowMs: upgradeWindowMs,
      messageBurst: most,
    });
  }

  get pending(): number {
    return this.#pending;
  }

  /** Addresses that are known. */
  get size(): number {
    return this.#peers.size + this.#paced.size;
  }

  /** Whether the address may have another verdict. Every attempt counts, whatever its verdict. */
  mayKnock(address: string): boolean {
    return this.isInPace(address) && this.hasPlace(address);
  }

  /** Whether one more of the address may wait. All who wait may get in, so they count among its connections. */
  hasPlace(address: string): boolean {
    return this.#hasPlace(address) || (this.findPlaces() && this.#hasPlace(address));
  }

  #hasPlace(address: string): boolean {
    const { maxPendingUpgrades, maxConnectionsPerAddress: most } = this.rules;
    if (this.#pending >= maxPendingUpgrades) return false;
    const { pending, open } = this.#peers.get(address) ?? { pending: 0, open: 0 };
    return pending < this.#share && (most === 0 || open + pending < most);
  }

  /** An upgrade of the address waits for its verdict. */
  waits(address: string): void {
    this.#pending += 1;
    this.#peerOf(address).pending += 1;
  }

  waited(address: string): void {
    this.#pending -= 1;
    this.#change(address, (peer) => (peer.pending -= 1));
  }

  /** Counted until its socket closes; without a limit a connection costs nothing here. */
  opened(address: string, socket: Duplex): void {
    if (this.rules.maxConnectionsPerAddress === 0) return;
    this.#peerOf(address).open += 1;
    socket.once('close', () => this.#change(address, (peer) => (peer.open -= 1)));
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

  #peerOf(address: string): Peer {
    let peer = this.#peers.get(address);
    if (!peer) this.#peers.set(address, (peer = { pending: 0, open: 0 }));
    return peer;
  }

  #change(address: string, act: (peer: Peer) => void): void {
    const peer = this.#peers.get(address);
    if (!peer) return;
    act(peer);
    if (peer.pending === 0 && peer.open === 0) this.#peers.delete(address);
  }
}

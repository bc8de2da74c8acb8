import type { Duplex } from 'node:stream';
import { MessageRate, type Paced } from '../connection/message-rate.js';

export interface UpgradeLimitRules {
  readonly maxPendingUpgrades: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxUpgradesPerAddress: number;
  readonly upgradeWindowMs: number;
}

/** What is known of one address, as long as it matters. */
interface Peer extends Paced {
  pending: number;
  open: number;
}

/** One address has at most this part of the upgrades that may wait for a verdict. */
const SHARE_OF_ONE = 0.05;
/** Addresses that are remembered for their rate alone; of more the longest known are forgotten. */
const MAX_IDLE_PEERS = 10_000;

/** Who may knock: upgrades that wait for a verdict, and what one address may have of them, of connections, and of attempts in a time. */
export class UpgradeLimits {
  #pending = 0;
  readonly #peers = new Map<string, Peer>();
  readonly #rate: MessageRate;
  readonly #share: number;

  constructor(
    private readonly rules: UpgradeLimitRules,
    private readonly now: () => number,
  ) {
    const { maxUpgradesPerAddress: most, upgradeWindowMs } = rules;
    this.#share = Math.ceil(rules.maxPendingUpgrades * SHARE_OF_ONE);
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
    return this.#peers.size;
  }

  /** Whether the address may have another verdict. Every attempt counts, whatever its verdict. */
  mayKnock(address: string): boolean {
    const { maxPendingUpgrades, maxConnectionsPerAddress, maxUpgradesPerAddress } = this.rules;
    if (this.#pending >= maxPendingUpgrades) return false;
    if (maxUpgradesPerAddress > 0 && this.#rate.take(this.#peerOf(address), 1, this.now()) > 0)
      return false;
    const peer = this.#peers.get(address);
    if (!peer) return true;
    const isFull = maxConnectionsPerAddress > 0 && peer.open >= maxConnectionsPerAddress;
    return peer.pending < this.#share && !isFull;
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

  #peerOf(address: string): Peer {
    let peer = this.#peers.get(address);
    if (!peer) {
      this.#peers.set(address, (peer = { pending: 0, open: 0, paidAt: 0 }));
      this.#forget();
    }
    return peer;
  }

  #change(address: string, act: (peer: Peer) => void): void {
    const peer = this.#peers.get(address);
    if (!peer) return;
    act(peer);
    if (peer.pending === 0 && peer.open === 0 && peer.paidAt <= this.now())
      this.#peers.delete(address);
  }

  #forget(): void {
    if (this.#peers.size <= MAX_IDLE_PEERS) return;
    for (const [address, { pending, open }] of this.#peers)
      if (pending === 0 && open === 0) {
        this.#peers.delete(address);
        return;
      }
  }
}

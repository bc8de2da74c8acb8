import type { Duplex } from 'node:stream';
import { MessageRate, type Paced } from '../connection/message-rate.js';

export interface UpgradeLimitRules {
  readonly maxPendingUpgrades: number;
  readonly maxConnectionsPerAddress: number;
  readonly maxUpgradesPerAddress: number;
  readonly upgradeWindowMs: number;
}

/** One address has at most this part of the slots of one kind. */
const SHARE_OF_ONE = 0.05;
/** Addresses whose rate is remembered; of more the longest known are forgotten. */
const MAX_PACED = 10_000;

/** A bounded number of slots, of which one address has at most its share. */
class Slots {
  #taken = 0;
  readonly #byAddress = new Map<string, number>();
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
    return this.#byAddress.get(address) ?? 0;
  }

  hasOne(address: string): boolean {
    return this.#taken < this.most && this.of(address) < this.#share;
  }

  take(address: string): void {
    this.#taken += 1;
    this.#byAddress.set(address, this.of(address) + 1);
  }

  giveBack(address: string): void {
    this.#taken -= 1;
    const rest = this.of(address) - 1;
    if (rest > 0) this.#byAddress.set(address, rest);
    else this.#byAddress.delete(address);
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
    private readonly rules: UpgradeLimitRules,
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

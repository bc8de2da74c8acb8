import { type Chance, systemChance } from '../core/chance.js';
import type { Clock } from '../core/clock.js';
import type { RoomgateOptions } from '../module/options.js';
import { CLOSE_CODES } from './system-messages.js';
import type { ServerConnection } from './connection.js';
import type { Registry } from './registry.js';

/** Shutting down without lying to anybody: newcomers are told to wait, members are told when to come back, then sockets close. */
export class Drain {
  isDraining = false;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly registry: Registry,
    private readonly clock: Clock,
    private readonly rules: Pick<
      RoomgateOptions,
      'closeTimeoutMs' | 'drainBatchSize' | 'drainIntervalMs' | 'drainTimeoutMs'
    >,
    private readonly chance: Chance = systemChance,
  ) {}

  /** From here on the door answers 503. */
  begin(): void {
    this.isDraining = true;
  }

  /**
   * Says goodbye to everybody, batch after batch. The messages that were accepted are handled, then the sockets of those who do not
   * answer are destroyed. The same deed whoever asks.
   */
  closeAll(): Promise<void> {
    this.begin();
    return (this.#closed ??= this.#closeAll());
  }

  async #closeAll(): Promise<void> {
    const left = [...this.registry.all()];
    const { drainIntervalMs, drainTimeoutMs } = this.rules;
    const size = this.#batchSize(left.length);
    const windowMs = Math.ceil(left.length / size) * drainIntervalMs;
    let isLate = false;
    const inBatches = async (): Promise<void> => {
      const batches: Promise<void>[] = [];
      for (let from = 0; from < left.length && !isLate; from += size) {
        if (from > 0) await this.#sleep(drainIntervalMs);
        batches.push(this.#closeBatch(left.slice(from, from + size), windowMs));
      }
      await Promise.all(batches);
    };
    await this.clock.within(inBatches(), drainTimeoutMs, undefined);
    isLate = true;
    for (const connection of left) connection.abandon();
  }

  /** As many as it takes for the last batch to have its time for answers. */
  #batchSize(connections: number): number {
    const { closeTimeoutMs, drainBatchSize, drainIntervalMs, drainTimeoutMs } = this.rules;
    const further = Math.floor((drainTimeoutMs - closeTimeoutMs) / drainIntervalMs);
    return Math.max(drainBatchSize, Math.ceil(connections / Math.max(1, further + 1)));
  }

  /** Waits for `closeTimeoutMs`, and again as long as messages are being handled meanwhile. */
  async #closeBatch(connections: readonly ServerConnection[], windowMs: number): Promise<void> {
    const here = connections.filter(({ isGone }) => !isGone);
    const closed = Promise.all(here.map((connection) => this.#close(connection, windowMs)));
    const isDone = closed.then(() => true);
    for (let left = acceptedBy(here); ; left = acceptedBy(here)) {
      if (await this.clock.within(isDone, this.rules.closeTimeoutMs, false)) return;
      if (acceptedBy(here) >= left) break;
    }
    for (const connection of here) connection.abandon();
  }

  /** Each has a moment of its own to come back, in a time as long as the drain, or all would come together. */
  #close(connection: ServerConnection, windowMs: number): Promise<void> {
    const retryAfterMs = Math.round(this.chance() * windowMs);
    connection.end(CLOSE_CODES.restart, { retryAfterMs });
    return new Promise((resolve) =>
      connection.isGone ? resolve() : connection.onDisconnect.push(() => resolve()),
    );
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.setTimer(resolve, ms));
  }
}

function acceptedBy(connections: readonly ServerConnection[]): number {
  let accepted = 0;
  for (const connection of connections) accepted += connection.accepted;
  return accepted;
}

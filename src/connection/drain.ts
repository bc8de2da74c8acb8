import type { Clock } from '../roomgate.clock.js';
import { CLOSE_CODES } from './close-codes.js';
import type { RoomConnection } from './connection.js';
import type { Registry } from './registry.js';

export interface DrainRules {
  readonly closeTimeoutMs: number;
  readonly drainBatchSize: number;
  readonly drainIntervalMs: number;
  readonly drainTimeoutMs: number;
}

/** Shutting down without lying to anybody: newcomers are told to wait, members are told when to come back, then sockets close. */
export class Drain {
  isDraining = false;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly registry: Registry,
    private readonly clock: Clock,
    private readonly rules: DrainRules,
  ) {}

  /** From here on the door answers 503. */
  begin(): void {
    this.isDraining = true;
  }

  /** Says goodbye to everybody, batch after batch, and destroys the sockets of those who do not answer. The same deed whoever asks. */
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
    for (const connection of left) connection.terminate();
  }

  /** As many as it takes for the last batch to have its time for answers. */
  #batchSize(connections: number): number {
    const { closeTimeoutMs, drainBatchSize, drainIntervalMs, drainTimeoutMs } = this.rules;
    const further = Math.floor((drainTimeoutMs - closeTimeoutMs) / drainIntervalMs);
    return Math.max(drainBatchSize, Math.ceil(connections / Math.max(1, further + 1)));
  }

  /** Says goodbye, waits for the closes and destroys the sockets of those who do not answer. */
  async #closeBatch(connections: readonly RoomConnection[], windowMs: number): Promise<void> {
    const here = connections.filter(({ isClosed }) => !isClosed);
    const closed = here.map((connection) => this.#close(connection, windowMs));
    await this.clock.within(Promise.all(closed), this.rules.closeTimeoutMs, undefined);
    for (const connection of here) connection.terminate();
  }

  /** Each has a moment of its own to come back, in a time as long as the drain, or all would come together. */
  #close(connection: RoomConnection, windowMs: number): Promise<void> {
    const retryAfterMs = Math.round(Math.random() * windowMs);
    connection.end(CLOSE_CODES.restart, { retryAfterMs });
    return new Promise((resolve) => connection.onDisconnect.push(() => resolve()));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.setTimer(resolve, ms));
  }
}

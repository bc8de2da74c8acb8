import type { Clock } from '../roomgate.clock.js';
import { CLOSE_CODES } from './close-codes.js';
import type { Registry } from './registry.js';

const MAX_RETRY_MS = 5_000;

/** Shutting down without lying to anybody: newcomers are told to wait, members are told to come back, then sockets close. */
export class Drain {
  isDraining = false;

  constructor(
    private readonly registry: Registry,
    private readonly clock: Clock,
    private readonly closeTimeoutMs: number,
  ) {}

  /** From here on the door answers 503. */
  begin(): void {
    this.isDraining = true;
  }

  /** Says goodbye to everybody, waits for their closes and destroys the sockets of those who do not answer. */
  async closeAll(): Promise<void> {
    this.begin();
    const connections = [...this.registry.all()];
    if (connections.length === 0) return;
    const closed = Promise.all(
      connections.map(
        (connection) =>
          new Promise<void>((resolve) => connection.onDisconnect.push(() => resolve())),
      ),
    );
    for (const connection of connections) {
      // Everybody gets a moment of their own to come back, or they would all come at once.
      connection.end(CLOSE_CODES.restart, {
        retryAfterMs: Math.round(Math.random() * MAX_RETRY_MS),
      });
    }
    await this.clock.within(closed, this.closeTimeoutMs, undefined);
    for (const connection of connections) connection.terminate();
  }
}

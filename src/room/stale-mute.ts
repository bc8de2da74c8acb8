import type { RoomConnection } from '../connection/connection.js';
import type { TimingWheel } from '../connection/timing-wheel.js';
import type { Turn } from '../connection/outbox.js';
import type { Clock } from '../core/clock.js';
import type { Recovery } from './recovery.js';

/** How often it is looked whether revocations are confirmed again. */
const LOOK_MS = 1_000;

export interface StaleMutePorts {
  readonly clock: Clock;
  readonly wheel: TimingWheel;
  readonly turn: Turn;
  readonly isStale: () => boolean;
  readonly registry: { all(): Iterable<RoomConnection> };
  readonly recovery: Pick<Recovery, 'resume'>;
}

/**
 * Mutes all connections of the node while revocations may be missing (`onStaleAuthority: 'mute'`). It begins by the clock, with
 * the first who asks, and ends for all in one turn: one that heard what is new before it is given what it missed would get
 * some of it twice.
 */
export class StaleMute {
  #isOn = false;

  constructor(private readonly ports: StaleMutePorts) {}

  isOn(): boolean {
    if (!this.#isOn && this.ports.isStale()) {
      this.#isOn = true;
      this.#lookLater();
    }
    return this.#isOn;
  }

  readonly #look = (): void => {
    if (this.ports.isStale()) return this.#lookLater();
    // What waits was said before the end, and so has to be missed like the rest.
    this.ports.turn.flush();
    this.#isOn = false;
    for (const connection of this.ports.registry.all()) this.#resume(connection);
  };

  #lookLater(): void {
    const { wheel, clock } = this.ports;
    wheel.add(clock.elapsed() + LOOK_MS, this.#look);
  }

  /** One whose token has expired meanwhile goes on missing, until it is refreshed. */
  #resume(connection: RoomConnection): void {
    if (connection.isLive())
      this.ports.recovery.resume(connection, connection.outbox.missed.take());
  }
}

import type { RoomConnection } from './connection.js';
import type { TimingWheel } from './timing-wheel.js';
import { CLOSE_CODES } from './close-codes.js';

/** Keeps messages waiting until the `handleConnection` hooks have settled. A hook that never does costs the connection. */
export class ConnectGate {
  private readonly cancel: () => void;

  /** Opens the inbox when `pending` hooks have settled, but not after `dueAt`. */
  constructor(
    private readonly connection: RoomConnection,
    private pending: number,
    wheel: TimingWheel,
    dueAt: number,
  ) {
    const deadline = wheel.add(dueAt, () => connection.end(CLOSE_CODES.internal));
    this.cancel = () => wheel.cancel(deadline);
    connection.onDisconnect.push(this.cancel);
  }

  settled(): void {
    this.pending -= 1;
    if (this.pending > 0 || !this.connection.isOpen) return;
    this.cancel();
    this.connection.inbox.open();
  }
}

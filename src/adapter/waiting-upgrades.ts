import type { Duplex } from 'node:stream';
import { Refusal } from '../admission/refusals.js';
import type { PendingUpgrade } from './pending-upgrade.js';
import type { UpgradeLimits } from './upgrade-limits.js';

/** Sockets that wait: for a verdict, for their turn to get one, or for somebody who wants them. */
export class WaitingUpgrades {
  readonly #sockets = new Map<Duplex, PendingUpgrade | undefined>();
  readonly #onClose: (this: Duplex) => void;

  constructor(private readonly pending: UpgradeLimits['pending']) {
    const sockets = this.#sockets;
    this.#onClose = function () {
      sockets.delete(this);
    };
  }

  /** For its verdict; nobody takes more of these places than one address may. */
  add(upgrade: PendingUpgrade): void {
    const { socket, address } = upgrade;
    this.keep(socket, upgrade);
    this.pending.take(address);
    upgrade.onAnswered = () => this.pending.giveBack(address);
  }

  /** Until it closes or is let go. */
  keep(socket: Duplex, upgrade?: PendingUpgrade): void {
    this.#sockets.set(socket, upgrade);
    socket.on('close', this.#onClose);
  }

  /** Whether it was waiting, and has not closed. */
  letGo(socket: Duplex): boolean {
    const isThere = this.#sockets.delete(socket);
    if (isThere) socket.off('close', this.#onClose);
    return isThere;
  }

  /** Answers those who still wait for a verdict, and lets everybody go. */
  destroy(): void {
    for (const [socket, upgrade] of this.#sockets) {
      upgrade?.answer?.(new Refusal('draining'));
      // One that was answered is on its way out, and would lose the answer.
      if (!socket.writableEnded) socket.destroy();
    }
  }
}

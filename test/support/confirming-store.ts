import { MemoryRevocationStore } from 'nestjs-roomgate';

/** A store that was confirmed for the last time when the test says, and never when it does not. */
export class ConfirmingStore extends MemoryRevocationStore {
  lastConfirmedAt = Infinity;

  override confirmedAt(): number {
    return this.lastConfirmedAt;
  }
}

import type { RoomKey } from '../admission/room-id.js';
import type { HeldPiece } from './held-piece.js';

/**
 * What happens to the publications of a room when a member does not read them in time. `close`: 4413, it comes back and
 * recovers. The others drop some and say so with a `gap`: the oldest, the newest, or those that a later one of the same
 * `conflateKey` has made worthless, and then the oldest.
 */
export const SLOW_CONSUMER_POLICIES = ['close', 'drop-oldest', 'drop-newest', 'conflate'] as const;

export type SlowConsumerPolicy = (typeof SLOW_CONSUMER_POLICIES)[number];

/** What a backlog has to know of a room. */
export interface SlowConsumerRule {
  readonly policy: SlowConsumerPolicy;
  /** Its members may come back to a position, so a gap names one. */
  readonly hasHistory: boolean;
}

/**
 * Drops pieces of rooms that allow it. Of the newest only the `excess`, since none is taken for a while then, and of what was conflated
 * already no more than has to go; of the oldest `plenty`, or the next publication would have to drop again. Returns how many bytes are free now.
 */
export function relieve(
  held: readonly HeldPiece[],
  excess: number,
  plenty: number,
  policyOf: (key: RoomKey) => SlowConsumerPolicy,
): number {
  let freed = 0;
  const drop = (pieces: readonly HeldPiece[], upTo: number, isMeant: typeof isNewest): void => {
    for (const piece of pieces) {
      if (freed >= upTo) return;
      if (piece.key && !piece.isControl && isMeant(policyOf(piece.key))) freed += piece.drop();
    }
  };
  drop(held.toReversed(), excess, isNewest);
  if (freed < excess) drop(held, plenty, isOldest);
  if (freed < excess) drop(held, excess, isConflated);
  return freed;
}

const isNewest = (policy: SlowConsumerPolicy): boolean => policy === 'drop-newest';
const isOldest = (policy: SlowConsumerPolicy): boolean => policy === 'drop-oldest';
const isConflated = (policy: SlowConsumerPolicy): boolean => policy === 'conflate';

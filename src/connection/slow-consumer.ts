import type { RoomKey } from '../admission/room-id.js';
import type { HeldPiece } from './backlog.js';

/**
 * What happens to the publications of a room when a member does not read them in time. Beyond `maxOutboxBytes` none is kept: some
 * are dropped and told with a `gap`. These are the newest (`close`, `drop-newest`), the oldest (`drop-oldest`), or those that a later
 * one of the same `conflateKey` has made worthless, and then the oldest (`conflate`). With `close` a member that has taken nothing
 * within the slow-reader timeout is closed with 4413, so that it comes back and recovers.
 */
export const SLOW_CONSUMER_POLICIES = ['close', 'drop-oldest', 'drop-newest', 'conflate'] as const;

export type SlowConsumerPolicy = (typeof SLOW_CONSUMER_POLICIES)[number];

/** What a backlog has to know of a room. */
export interface SlowConsumerRule {
  readonly policy: SlowConsumerPolicy;
  /** Its members may come back to a position, so a gap names one. */
  readonly hasHistory: boolean;
}

/** How much has to go now, and how much may, so that not every publication has to look through all that waits. */
interface Relief {
  readonly excess: number;
  readonly some: number;
  readonly plenty: number;
}

/**
 * Drops pieces of rooms that allow it. Of the newest only the `excess`, since none is taken for a while then; of the oldest
 * `plenty`. What was conflated already is the latest of its key: it goes last, and only `some` of it. Returns how many bytes are free now.
 */
export function relieve(
  held: readonly HeldPiece[],
  { excess, some, plenty }: Relief,
  policyOf: (key: RoomKey) => SlowConsumerPolicy,
): number {
  const { newest, oldest, latest } = sort(held, policyOf);
  let freed = 0;
  const drop = (pieces: readonly HeldPiece[], upTo: number): void => {
    for (const piece of pieces) {
      if (freed >= upTo) return;
      freed += piece.drop();
    }
  };
  drop(newest.reverse(), excess);
  if (freed < excess) {
    drop(oldest, plenty);
    drop(latest, some);
  }
  return freed;
}

/** What may be dropped, by when that is its turn. */
function sort(
  held: readonly HeldPiece[],
  policyOf: (key: RoomKey) => SlowConsumerPolicy,
): Record<'newest' | 'oldest' | 'latest', HeldPiece[]> {
  const newest: HeldPiece[] = [];
  const oldest: HeldPiece[] = [];
  const latest: HeldPiece[] = [];
  const policies = new Map<RoomKey, SlowConsumerPolicy>();
  for (const piece of held) {
    const { key, conflateKey } = piece;
    if (!key || !piece.buffer || piece.isControl) continue;
    let policy = policies.get(key);
    if (!policy) policies.set(key, (policy = policyOf(key)));
    if (policy === 'drop-newest' || policy === 'close') newest.push(piece);
    else if (policy === 'conflate' && conflateKey !== undefined) latest.push(piece);
    else oldest.push(piece);
  }
  return { newest, oldest, latest };
}

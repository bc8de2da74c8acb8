import type { Clock } from '../core/clock.js';
import type { Outbox } from './outbox.js';

/** A reader is waited for longer than anybody's answer: a phone in a tunnel comes back within it. */
const DEADLINES = 6;

/** How long to wait for a reader that is behind, by the deadline for answers. */
export function patience(deadlineMs: number): number {
  return DEADLINES * deadlineMs;
}

/** Waits until nothing waits in the outbox; false when that takes longer. */
export async function drainedWithin(
  outbox: Outbox,
  clock: Clock,
  withinMs: number,
): Promise<boolean> {
  if (outbox.isDrained()) return true;
  const drained = outbox.drained().then(() => true);
  return clock.within(drained, withinMs, false);
}

/** Waits in the same way; false when the reader has taken nothing meanwhile. */
export async function readsWithin(
  outbox: Outbox,
  clock: Clock,
  withinMs: number,
): Promise<boolean> {
  const { taken } = outbox;
  return (await drainedWithin(outbox, clock, withinMs)) || outbox.taken !== taken;
}

const FIRST_MS = 50;
/** Short: nobody waits long for a Redis that is back, and one attempt costs little. */
const MAX_MS = 400;

/** Milliseconds to wait before the next attempt: twice as long each time, and a random half of it, so that nodes come one by one. */
export function backoff(failures: number, random: () => number = Math.random): number {
  const most = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures, 10));
  return most / 2 + (random() * most) / 2;
}

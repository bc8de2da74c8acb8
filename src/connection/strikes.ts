/** Faults of one connection, counted until it has been without one for a minute. */
export interface Strikes {
  readonly count: number;
  /** By `clock.elapsed()`. */
  readonly lastAt: number;
}

const FORGIVEN_AFTER_MS = 60_000;

export function isForgiven({ lastAt }: Strikes, now: number): boolean {
  return now - lastAt > FORGIVEN_AFTER_MS;
}

/** One more. */
export function strike(before: Strikes | undefined, now: number): Strikes {
  const count = before && !isForgiven(before, now) ? before.count : 0;
  return { count: count + 1, lastAt: now };
}

const WINDOW_MS = 60_000;
const MAX_IDS = 500;

/**
 * The publication ids of the last minute with their offsets: a retry within it is not a second publication. In two halves, of which
 * the old one is forgotten whole: none has to keep its time. Of more than five hundred a minute the newest five hundred are known.
 */
export class RecentIds {
  #young = new Map<string, number>();
  #old: Map<string, number> | undefined;
  /** When the young half began. */
  #since = 0;

  find(id: string, now: number): number | undefined {
    this.#turn(now);
    return this.#young.get(id) ?? this.#old?.get(id);
  }

  add(id: string, offset: number, now: number): void {
    this.#turn(now);
    this.#young.set(id, offset);
  }

  #turn(now: number): void {
    const age = now - this.#since;
    // Also when the clock was set back: what was remembered would stay until the old time.
    const isOver = age >= WINDOW_MS || age < 0;
    if (!isOver && this.#young.size < MAX_IDS) return;
    this.#old = age >= 2 * WINDOW_MS || this.#young.size === 0 ? undefined : this.#young;
    this.#young = new Map();
    this.#since = now;
  }
}

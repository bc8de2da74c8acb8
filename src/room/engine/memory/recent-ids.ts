const WINDOW_MS = 60_000;
const MAX_IDS = 1_000;

/** The publication ids of the last minute with their offsets, at most a thousand: a retry within it is not a second publication. */
export class RecentIds {
  readonly #seen = new Map<string, { offset: number; at: number }>();

  find(id: string, now: number): number | undefined {
    const seen = this.#seen.get(id);
    return seen && now - seen.at < WINDOW_MS ? seen.offset : undefined;
  }

  add(id: string, offset: number, now: number): void {
    this.#seen.delete(id);
    this.#seen.set(id, { offset, at: now });
    for (const [oldest, { at }] of this.#seen) {
      if (this.#seen.size <= MAX_IDS && now - at < WINDOW_MS) break;
      this.#seen.delete(oldest);
    }
  }
}

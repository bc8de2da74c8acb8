import type { HistoryLimits, Publication, ReadRange } from '../publication.js';

/** The newest publications of one room within its limits. */
export class KeptHistory {
  #kept: Publication[] = [];
  /** Since when each has been kept: `publishedAt` is shown, and the clock behind it may be set. */
  #since: number[] = [];
  #bytes = 0;

  constructor(readonly limits: HistoryLimits) {}

  get bytes(): number {
    return this.#bytes;
  }

  add(publication: Publication, now: number = publication.publishedAt): void {
    this.#kept.push(publication);
    this.#since.push(now);
    this.#bytes += bytesOf(publication);
    while (this.#kept.length > this.limits.size || this.#bytes > this.limits.maxBytes)
      this.#dropOldest();
  }

  /** Drops what is too old. */
  expire(now: number): void {
    while (this.#since[0] !== undefined && now - this.#since[0] >= this.limits.ttlMs)
      this.#dropOldest();
  }

  /** Drops the oldest until so many bytes are free, or nothing is left. */
  free(bytes: number): void {
    const until = this.#bytes - bytes;
    while (this.#kept.length > 0 && this.#bytes > until) this.#dropOldest();
  }

  read({ after, limit, maxBytes }: ReadRange): Publication[] {
    const kept = this.#kept;
    // A page goes on from where the reader is; the newest ones are asked for without a place.
    const isNewest = after === undefined;
    // Offsets run by 1, so nobody has to look for the place.
    const from = isNewest ? kept.length - 1 : Math.max(0, after + 1 - (kept[0]?.offset ?? 0));
    const page: Publication[] = [];
    let bytes = 0;
    for (let at = from; page.length < limit; at += isNewest ? -1 : 1) {
      const publication = kept[at];
      bytes += publication ? bytesOf(publication) : 0;
      if (!publication || (page.length > 0 && bytes > maxBytes)) break;
      page.push(publication);
    }
    return isNewest ? page.reverse() : page;
  }

  #dropOldest(): void {
    const oldest = this.#kept.shift();
    this.#since.shift();
    if (oldest) this.#bytes -= bytesOf(oldest);
  }
}

/** With what a publication costs beside its body, when it is kept and when it is sent. */
function bytesOf({ body }: Publication): number {
  return Buffer.byteLength(body) + 128;
}

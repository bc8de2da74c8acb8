import type { HistoryLimits, Publication, ReadRange } from '../publication.js';

/** The newest publications of one room within its limits. */
export class KeptHistory {
  #kept: Publication[] = [];
  #bytes = 0;

  constructor(readonly limits: HistoryLimits) {}

  get bytes(): number {
    return this.#bytes;
  }

  add(publication: Publication): void {
    this.#kept.push(publication);
    this.#bytes += bytesOf(publication);
    while (this.#kept.length > this.limits.size || this.#bytes > this.limits.maxBytes)
      this.#dropOldest();
  }

  /** Drops what is too old. */
  expire(now: number): void {
    while (this.#kept[0] && now - this.#kept[0].publishedAt >= this.limits.ttlMs)
      this.#dropOldest();
  }

  /** Drops the oldest until so many bytes are free, or nothing is left. */
  free(bytes: number): void {
    const until = this.#bytes - bytes;
    while (this.#kept.length > 0 && this.#bytes > until) this.#dropOldest();
  }

  read({ after, limit, maxBytes }: ReadRange): Publication[] {
    const wanted =
      after === undefined ? this.#kept : this.#kept.filter(({ offset }) => offset > after);
    // A page goes on from where the reader is; the newest ones are asked for without a place.
    const ordered = after === undefined ? wanted.toReversed() : wanted;
    const page: Publication[] = [];
    let bytes = 0;
    for (const publication of ordered) {
      bytes += bytesOf(publication);
      if (page.length >= limit || (page.length > 0 && bytes > maxBytes)) break;
      page.push(publication);
    }
    return after === undefined ? page.reverse() : page;
  }

  #dropOldest(): void {
    const oldest = this.#kept.shift();
    if (oldest) this.#bytes -= bytesOf(oldest);
  }
}

/** With what a publication costs beside its body, when it is kept and when it is sent. */
function bytesOf({ body }: Publication): number {
  return Buffer.byteLength(body) + 128;
}

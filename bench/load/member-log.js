// What one member has seen of a room: every number that was published, once and in order, or a `gap` in its place.

/**
 * @typedef {object} Seen
 * @property {number} received
 * @property {number} gaps
 * @property {number} told  numbers that did not come, for which there was a `gap`
 * @property {number} lost  numbers that did not come, without one
 * @property {number} duplicated  numbers that came twice, or too late
 */

/** @returns {Seen} */
export const nothingSeen = () => ({ received: 0, gaps: 0, told: 0, lost: 0, duplicated: 0 });

export class MemberLog {
  seen = nothingSeen();
  /** The number that came last; the first one is 1. */
  last = 0;
  #hasGap = false;
  #connectionId = '';
  /** @type {{ epoch: string, offset: number } | undefined} */
  #position;

  /** What a client names to go on from where it is; empty for one that is new. */
  get query() {
    if (!this.#position) return '';
    const { epoch, offset } = this.#position;
    return `?offset=${offset}&epoch=${epoch}&connectionId=${this.#connectionId}`;
  }

  /**
   * Who came with a position keeps it.
   *
   * @param {{ connectionId: string, position: { epoch: string, offset: number } }} data
   */
  hello({ connectionId, position }) {
    this.#connectionId = connectionId;
    this.#position ??= position;
  }

  /** @param {{ epoch: string, offset: number }} position */
  gap({ epoch, offset }) {
    this.#position = { epoch, offset };
    this.#hasGap = true;
    this.seen.gaps++;
  }

  /** @param {{ data: number, offset: number, epoch?: string }} publication */
  said({ data: number, offset, epoch = this.#position?.epoch ?? '' }) {
    this.#position = { epoch, offset };
    if (number <= this.last) {
      this.seen.duplicated++;
      return;
    }
    this.seen.received++;
    this.#miss(number - this.last - 1);
    this.last = number;
    this.#hasGap = false;
  }

  /** @param {number} last  what was published last of all */
  end(last) {
    this.#miss(last - this.last);
  }

  /** @param {number} count */
  #miss(count) {
    if (this.#hasGap) this.seen.told += count;
    else this.seen.lost += count;
  }
}

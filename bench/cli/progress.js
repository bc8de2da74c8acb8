// One line on standard error that tells what is being measured and how long it will take.

const ERASE_LINE = '\r\x1b[2K';

export class Progress {
  #begun = performance.now();
  #done = -1;
  #now = '';
  #total;
  #repetitions;
  #out;

  /**
   * @param {number} total  turns of one server in one job
   * @param {number} repetitions
   * @param {NodeJS.WriteStream} out
   */
  constructor(total, repetitions, out) {
    this.#total = total;
    this.#repetitions = repetitions;
    this.#out = out;
  }

  /**
   * @param {number} repetition
   * @param {string} job
   * @param {string} server
   */
  begin(repetition, job, server) {
    this.#done++;
    this.#now = `repetition ${repetition + 1}/${this.#repetitions} · ${job} · ${server}`;
    // A log file gets a line per turn; a terminal one line that changes.
    if (!this.#out.isTTY) this.#out.write(`${this.#share()} ${this.#now}${this.#left()}\n`);
  }

  /** @param {string} cell */
  note(cell) {
    if (!this.#out.isTTY) return;
    const line = `${this.#share()} ${this.#now} · ${cell}${this.#left()}`;
    this.#out.write(ERASE_LINE + line.slice(0, this.#out.columns - 1));
  }

  end() {
    if (this.#out.isTTY) this.#out.write(ERASE_LINE);
  }

  #share() {
    return `${Math.floor((100 * this.#done) / this.#total)} %`.padStart(5);
  }

  /** By what the turns before took: rough in the first repetition, good afterwards. */
  #left() {
    if (this.#done < 1) return '';
    const spent = performance.now() - this.#begun;
    const seconds = ((spent / this.#done) * (this.#total - this.#done)) / 1000;
    const text = seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
    return ` · about ${text} left`;
  }
}

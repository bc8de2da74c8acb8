/**
 * Lets at most so many tokens through per turn of the event loop, and at least half as many. Checking the signatures of thousands
 * of tokens in the turn in which they arrive would stall every open connection for as long.
 */
export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  readonly #perTurn: number;
  #passed = 0;
  #isScheduled = false;

  /**
   * @param maxChecks Signature checks per turn, in units of a check by P-256.
   * @param checksPerToken What one token costs at most, in the same unit; a token that costs more than a turn has one for itself.
   */
  constructor(maxChecks: number, checksPerToken = 1) {
    const cost = checksPerToken > 1 ? checksPerToken : 1;
    this.#perTurn = Math.max(1, Math.floor(maxChecks / cost));
  }

  /** Undefined when one may go on at once, else a promise of a later turn; first come, first served. */
  pass(): Promise<void> | undefined {
    if (this.#passed < this.#perTurn) {
      this.#passed += 1;
      // A turn has to be asked for, which costs a poll of the kernel: those who come now and then are counted over several.
      if (2 * this.#passed >= this.#perTurn) this.#schedule();
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#open());
  }

  #open(): void {
    this.#isScheduled = false;
    const next = this.#waiting.splice(0, this.#perTurn);
    this.#passed = next.length;
    for (const resolve of next) resolve();
    if (next.length > 0) this.#schedule();
  }
}

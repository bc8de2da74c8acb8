/**
 * Lets at most so many through per turn of the event loop, and never less than half as many. When thousands reconnect at once, checking all of their signatures in
 * the turn in which they arrive would keep every open connection waiting for as long.
 */
export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  #passed = 0;
  #isScheduled = false;

  constructor(private readonly perTurn: number) {}

  /** Undefined when one may go on at once, else a promise of a later turn; first come, first served. */
  pass(): Promise<void> | undefined {
    if (this.#passed < this.perTurn) {
      this.#passed += 1;
      // A turn has to be asked for, which costs a poll of the kernel: those who come now and then are counted over several.
      if (2 * this.#passed >= this.perTurn) this.#schedule();
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
    const next = this.#waiting.splice(0, this.perTurn);
    this.#passed = next.length;
    for (const resolve of next) resolve();
    if (next.length > 0) this.#schedule();
  }
}

import { Deferred } from './deferred.js';

/** Where something asynchronous passes at once, until the test holds it; then in the order that the test chooses. */
export class Gate {
  isHeld = false;
  readonly #waiting: Deferred[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  hold(): void {
    this.isHeld = true;
  }

  async pass(): Promise<void> {
    if (!this.isHeld) return;
    const waiter = new Deferred();
    this.#waiting.push(waiter);
    await waiter.promise;
  }

  /** Lets one go that waits. */
  letGo(index = 0): void {
    const [waiter] = this.#waiting.splice(index % Math.max(1, this.#waiting.length), 1);
    waiter?.resolve();
  }

  /** Lets everybody go, now and from now on. */
  open(): void {
    this.isHeld = false;
    while (this.#waiting.length > 0) this.letGo();
  }
}

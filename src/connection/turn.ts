/** Something that hands over, once per turn of the event loop, what was queued in it. */
export interface Flushable {
  flush(now: number): void;
}

/**
 * Collects what one turn of the event loop produced. Everything is handed over in the check phase, after all messages of the
 * poll phase were handled, so that k broadcasts in one turn cost each member one write.
 */
export class Turn {
  #dirty: Flushable[] = [];
  #isScheduled = false;

  constructor(private readonly now: () => number) {}

  add(item: Flushable): void {
    this.#dirty.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.flush());
  }

  flush(): void {
    this.#isScheduled = false;
    const items = this.#dirty;
    this.#dirty = [];
    const now = this.now();
    for (const item of items) item.flush(now);
  }
}

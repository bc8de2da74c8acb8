import { Duplex } from 'node:stream';

/** A socket whose reader reads only when it is told to. Keeps every buffer that was handed to it. */
export class HeldSocket extends Duplex {
  /** One entry for each call of `write`. */
  readonly writes: Buffer[] = [];
  #isReading = true;
  #release: (() => void) | undefined;

  override write(chunk: Buffer, ...rest: never[]): boolean {
    this.writes.push(chunk);
    return super.write(chunk, ...rest);
  }

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#isReading) done();
    else this.#release = done;
  }

  override _read(): void {}

  /** All bytes handed over so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.writes);
  }

  stall(): void {
    this.#isReading = false;
  }

  /** Takes what `write` was called with first, and lets what follows from it happen. */
  async readOne(): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    release?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async readAll(): Promise<void> {
    this.#isReading = true;
    while (this.#release || this.writableLength > 0) await this.readOne();
  }
}

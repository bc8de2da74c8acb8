import { Deferred } from '../deferred.js';
import { Gate } from '../gate.js';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How many bytes may pass; then the connection breaks, if it says so. */
export interface Passage {
  readonly bytes: number;
  readonly broken?: Deferred;
}

/** One direction of a proxy, over all its connections: what happens to the bytes that go there. */
export class Lane {
  readonly gate = new Gate();
  delayMs = 0;
  /** The most bytes that arrive at once; 0 leaves them as they come. */
  maxPiece = 0;
  #drop: { bytesLeft: number; readonly happened: Deferred } | undefined;
  #random: number;

  constructor(seed: number) {
    this.#random = seed;
  }

  /** Resolves when what came at that time of `performance.now()` may pass. */
  async passage(arrivedAt: number): Promise<void> {
    const wait = arrivedAt + this.delayMs - performance.now();
    if (wait > 0) await sleep(wait);
    await this.gate.pass();
  }

  /** The sizes in which so many bytes arrive. */
  *pieces(bytes: Buffer): Generator<Buffer> {
    for (let from = 0; from < bytes.length;) {
      const size = this.maxPiece > 0 ? 1 + (this.#next() % this.maxPiece) : bytes.length;
      yield bytes.subarray(from, from + size);
      from += size;
    }
  }

  dropAfter(bytes: number): Promise<void> {
    const happened = new Deferred();
    this.#drop = { bytesLeft: bytes, happened };
    return happened.promise;
  }

  /** How many of so many bytes may pass. */
  admit(bytes: number): Passage {
    if (!this.#drop) return { bytes };
    const { bytesLeft, happened } = this.#drop;
    this.#drop.bytesLeft -= bytes;
    if (bytes <= bytesLeft) return { bytes };
    this.#drop = undefined;
    return { bytes: bytesLeft, broken: happened };
  }

  heal(): void {
    this.delayMs = 0;
    this.maxPiece = 0;
    this.#drop = undefined;
    this.gate.open();
  }

  /** xorshift32, as in the delayed engine. */
  #next(): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return this.#random >>> 0;
  }
}

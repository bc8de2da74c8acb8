import type { Socket } from 'node:net';
import { Deferred } from '../deferred.js';
import type { Lane, Passage } from './proxy-lane.js';

const MAX_HELD_BYTES = 64 * 1024;

/** Bytes, the end of the sending side, or the end of everything. */
type Arrival = Buffer | 'end' | 'close';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One direction of one connection: what comes from `source` reaches `sink` in order, as its lane has it. */
export class Flow {
  readonly #held: { readonly arrival: Arrival; readonly at: number }[] = [];
  #heldBytes = 0;
  #isPumping = false;
  #isBroken = false;
  #drained = new Deferred();

  /** @param inspect says of every chunk, before it goes, how much of it may pass */
  constructor(
    private readonly source: Socket,
    private readonly sink: Socket,
    private readonly lane: Lane,
    private readonly inspect: (bytes: Buffer) => Passage,
    private readonly breakOff: () => unknown,
  ) {
    source.on('data', (bytes: Buffer) => this.#take(bytes));
    source.on('end', () => this.#take('end'));
    source.on('close', () => this.#take('close'));
    source.on('error', () => undefined); // 'close' comes after it
    for (const event of ['drain', 'close']) sink.on(event, () => this.#drained.resolve());
  }

  #take(arrival: Arrival): void {
    this.#held.push({ arrival, at: performance.now() });
    this.#heldBytes += arrival.length;
    if (this.#heldBytes > MAX_HELD_BYTES) this.source.pause();
    if (!this.#isPumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    for (let next = this.#held.shift(); next; next = this.#held.shift()) {
      await this.lane.passage(next.at);
      await this.#pass(next.arrival);
      this.#heldBytes -= next.arrival.length;
      if (this.#heldBytes <= MAX_HELD_BYTES) this.source.resume();
    }
    this.#isPumping = false;
  }

  async #pass(arrival: Arrival): Promise<void> {
    if (this.sink.destroyed || this.#isBroken) return;
    if (arrival instanceof Buffer) {
      const { bytes, broken } = this.inspect(arrival);
      await this.#write(arrival.subarray(0, bytes));
      if (!broken) return;
      this.#isBroken = true;
      this.breakOff();
      broken.resolve();
    }
    this.sink.end();
    // The other side reads all that it was sent, and closes in return: a reset would take that away.
    if (arrival !== 'end') this.sink.resume();
  }

  async #write(bytes: Buffer): Promise<void> {
    for (const piece of this.lane.pieces(bytes)) {
      if (!this.sink.writable) return;
      this.#drained = new Deferred();
      if (!this.sink.write(piece)) await this.#drained.promise;
      if (piece.length < bytes.length) await nextTurn();
    }
  }
}

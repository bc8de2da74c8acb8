import type { Server } from 'node:http';
import { Duplex, duplexPair } from 'node:stream';

/** The client's end of a connection in memory: it reads when it is told to, and may be cut after any byte. */
export class ThrottledPipe extends Duplex {
  #left = Infinity;
  readonly #near: Duplex;

  constructor(server: Server) {
    super();
    const [near, far] = duplexPair();
    this.#near = near;
    // A pipe in memory does not tell its other end that it was torn.
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
    far.on('error', () => undefined);
    near.on('error', () => undefined);
    near.on('data', (chunk: Buffer) => this.#take(chunk));
    near.once('end', () => this.push(null));
    near.once('close', () => this.push(null));
    server.emit('connection', far);
  }

  get isStalled(): boolean {
    return this.#near.isPaused();
  }

  stall(): void {
    this.#near.pause();
  }

  goOn(): void {
    this.#near.resume();
  }

  /** It breaks when so many more bytes have come; with 0 at once. */
  cutAfter(bytes: number): void {
    this.#left = bytes;
    if (bytes === 0) this.#near.destroy();
  }

  override _read(): void {}

  override _write(chunk: Buffer, encoding: BufferEncoding, done: () => void): void {
    // Not at once: no answer comes while what is answered is still being written.
    queueMicrotask(() => {
      if (this.#near.writable) this.#near.write(chunk, encoding);
      done();
    });
  }

  override _final(done: () => void): void {
    this.#near.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#near.destroy();
    done(error);
  }

  #take(chunk: Buffer): void {
    const taken = chunk.subarray(0, this.#left);
    this.#left -= taken.length;
    if (taken.length > 0) this.push(taken);
    if (this.#left === 0) this.#near.destroy();
  }
}

import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.js';

type Socket = Duplex & { bytesWritten?: number };

interface Unclaimed {
  /** Not zero when the connection was kept alive after an ordinary answer. */
  readonly bytesBefore: number | undefined;
  readonly done: () => void;
}

/**
 * Upgrade requests that are not ours, while others listen too. Node times nobody out after `upgrade`, so a request that no
 * listener wants would stay open for ever: a listener that wants it has to have written something by the deadline.
 */
export class ForeignUpgrades {
  readonly #unclaimed = new Map<Socket, Unclaimed>();

  constructor(
    private readonly clock: Clock,
    private readonly deadlineMs: number,
  ) {}

  /** `done` is called once: when the request is seen to be claimed, or is gone. */
  wait(socket: Socket, done: () => void): void {
    this.#unclaimed.set(socket, { bytesBefore: socket.bytesWritten, done });
    const cancel = this.clock.setTimer(() => {
      this.#letGoIfClaimed(socket);
      if (this.#unclaimed.has(socket)) socket.destroy();
    }, this.deadlineMs);
    socket.once('close', () => {
      cancel();
      this.#letGo(socket);
    });
  }

  /** Lets go of the requests that were claimed. Answers whether there was one. */
  letGoClaimed(): boolean {
    const before = this.#unclaimed.size;
    for (const socket of this.#unclaimed.keys()) this.#letGoIfClaimed(socket);
    return this.#unclaimed.size < before;
  }

  #letGoIfClaimed(socket: Socket): void {
    const isClaimed =
      socket.writableEnded || socket.bytesWritten !== this.#unclaimed.get(socket)?.bytesBefore;
    if (isClaimed) this.#letGo(socket);
  }

  #letGo(socket: Socket): void {
    const unclaimed = this.#unclaimed.get(socket);
    this.#unclaimed.delete(socket);
    unclaimed?.done();
  }
}

/** Remembers a socket as it is; the answer tells later whether a listener has written to it, read from it or ended it. */
export function watchTouch(socket: Socket): () => boolean {
  const { bytesWritten } = socket;
  const listening = readers(socket);
  return () =>
    socket.destroyed ||
    socket.writableEnded ||
    socket.bytesWritten !== bytesWritten ||
    readers(socket) !== listening ||
    (socket as { _httpMessage?: unknown })._httpMessage != null;
}

function readers(socket: Socket): number {
  return socket.listenerCount('data') + socket.listenerCount('readable');
}

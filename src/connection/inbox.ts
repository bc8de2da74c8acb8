import type { Message } from './message.js';

/** In memory a message may be twenty times as big as on the wire: 64 KiB of `{},{},{}` are more than a megabyte. */
const MAX_WAITING_BYTES = 256 * 1024;

/**
 * The messages of one connection, one at a time and in order. Stock Nest lets a later message overtake an earlier one whose
 * handler is slower. When too many wait the socket is paused, so that the sender feels it and no memory is spent.
 */
export class Inbox {
  #waiting: Message[] = [];
  /** What each took on the wire. */
  #sizes: number[] = [];
  #bytes = 0;
  /** Whether the message whose turn it is waits for a decision: nothing is being handled. */
  isHeld = false;
  #isBusy = true;
  #isShut = true;
  #isPaused = false;
  #run = 0;
  #running: Message | undefined;
  /** Who waits for a message to be handled. */
  #told: Map<Message, (() => void)[]> | undefined;
  /** What is to happen when no message is being handled. */
  #between: (() => void)[] | undefined;

  constructor(
    private readonly owner: {
      /** Handles one message; settles, and never rejects, when the next one may follow. Undefined: at once. */
      handle(message: Message): Promise<void> | undefined;
      setPaused(isPaused: boolean): void;
      /** The last message was handled. */
      onIdle(): void;
    },
    private readonly maxMessages: number,
  ) {}

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Messages that are not handled yet, with the one that is being handled. */
  get accepted(): number {
    return this.#waiting.length + (this.#isBusy && !this.#isShut ? 1 : 0);
  }

  /** Begins to hand out messages; until then they wait. */
  open(): void {
    this.#isShut = false;
    this.#next();
  }

  push(message: Message, bytes = 0): void {
    if (!this.#isBusy) {
      this.#start(message);
      if (!this.#isBusy) this.#next();
      return;
    }
    this.#waiting.push(message);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    const isFull = this.#waiting.length >= this.maxMessages || this.#bytes > MAX_WAITING_BYTES;
    if (isFull && !this.#isPaused) {
      this.#isPaused = true;
      this.owner.setPaused(true);
    }
  }

  /** Calls back when no message is being handled: at once, or before the next one is. */
  between(act: () => void): void {
    if (this.#isBusy && !this.isHeld) (this.#between ??= []).push(act);
    else act();
  }

  /** Resolves when every message that `isMeant` and was accepted until now has been handled or dropped; undefined when there is none. */
  handled(isMeant: (message: Message) => boolean): Promise<void> | undefined {
    const running = this.#running && isMeant(this.#running) ? this.#running : undefined;
    const last = this.#waiting.findLast(isMeant) ?? running;
    if (!last) return undefined;
    const told = (this.#told ??= new Map<Message, (() => void)[]>());
    return new Promise((resolve) => told.set(last, [...(told.get(last) ?? []), resolve]));
  }

  /** Goes on without the message that is being handled; what it still does is no longer waited for. */
  skip(): void {
    this.#next();
  }

  clear(): void {
    this.#waiting = [];
    this.#sizes = [];
    this.#bytes = 0;
    this.#between = undefined;
    this.#isBusy = true;
    this.#isShut = true;
    this.#run += 1;
    this.#running = undefined;
    for (const resolve of [...(this.#told?.values() ?? [])].flat()) resolve();
    this.#told = undefined;
    this.unpause();
  }

  /** Has the socket read on. A paused one would never read the answer to our close. */
  unpause(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.owner.setPaused(false);
  }

  #start(message: Message): void {
    this.#running = message;
    const done = this.owner.handle(message);
    this.#isBusy = done !== undefined;
    if (!done) return this.#tell();
    const run = this.#run;
    void done.then(() => {
      if (run === this.#run) this.#next();
    });
  }

  #next(): void {
    this.#run += 1;
    this.#isBusy = false;
    this.#tell();
    for (const act of this.#between?.splice(0) ?? []) act();
    while (!this.#isBusy && this.#waiting.length > 0) this.#start(this.#take());
    if (this.#waiting.length < this.maxMessages / 2 && this.#bytes <= MAX_WAITING_BYTES / 2)
      this.unpause();
    if (!this.#isBusy) this.owner.onIdle();
  }

  /** The message is handled. */
  #tell(): void {
    const message = this.#running;
    this.#running = undefined;
    if (!this.#told || !message) return;
    for (const resolve of this.#told.get(message) ?? []) resolve();
    this.#told.delete(message);
  }

  #take(): Message {
    this.#bytes -= this.#sizes.shift() as number;
    return this.#waiting.shift() as Message;
  }
}

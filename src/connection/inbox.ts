import type { Message } from './message.js';

/** What an inbox needs to know of its connection. */
export interface InboxOwner {
  /** Handles one message; settles, and never rejects, when the next one may follow. Undefined: at once. */
  handle(message: Message): Promise<void> | undefined;
  setPaused(isPaused: boolean): void;
}

/**
 * The messages of one connection, one at a time and in order. Stock Nest lets a later message overtake an earlier one whose
 * handler is slower. When too many wait the socket is paused, so that the sender feels it and no memory is spent.
 */
export class Inbox {
  #waiting: Message[] = [];
  #isBusy = true;
  #isPaused = false;
  #run = 0;
  /** What is to happen when no message is being handled. */
  #between: (() => void)[] | undefined;

  constructor(
    private readonly owner: InboxOwner,
    private readonly maxMessages: number,
  ) {}

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Begins to hand out messages; until then they wait. */
  open(): void {
    this.#next();
  }

  push(message: Message): void {
    if (!this.#isBusy) {
      this.#start(message);
      if (!this.#isBusy) this.#next();
      return;
    }
    this.#waiting.push(message);
    if (this.#waiting.length >= this.maxMessages && !this.#isPaused) {
      this.#isPaused = true;
      this.owner.setPaused(true);
    }
  }

  /** Calls back when no message is being handled: at once, or before the next one is. */
  between(act: () => void): void {
    if (this.#isBusy) (this.#between ??= []).push(act);
    else act();
  }

  /** Goes on without the message that is being handled; what it still does is no longer waited for. */
  skip(): void {
    this.#next();
  }

  clear(): void {
    this.#waiting = [];
    this.#between = undefined;
    this.#isBusy = true;
    this.#run += 1;
    // A paused socket would never read the answer to our close.
    this.#resume();
  }

  #start(message: Message): void {
    const done = this.owner.handle(message);
    this.#isBusy = done !== undefined;
    if (!done) return;
    const run = this.#run;
    void done.then(() => {
      if (run === this.#run) this.#next();
    });
  }

  #next(): void {
    this.#run += 1;
    this.#isBusy = false;
    for (const act of this.#between?.splice(0) ?? []) act();
    while (!this.#isBusy && this.#waiting.length > 0) this.#start(this.#waiting.shift() as Message);
    if (this.#waiting.length < this.maxMessages / 2) this.#resume();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.owner.setPaused(false);
  }
}

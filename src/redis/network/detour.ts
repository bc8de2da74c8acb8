import type { Clock } from '../../core/clock.js';
import type { RedisReply } from './connection.js';
import { unavailable } from './link.js';

interface Waiting {
  readonly send: () => void;
  readonly giveUp: () => void;
}

interface DetourPorts {
  readonly clock: Clock;
  /** Milliseconds that a call may wait. */
  readonly patienceMs: number;
  readonly ended: () => void;
}

/** Calls of a group whose owner changes, until what the owner before was asked is answered: none overtakes another, and none waits for ever. */
export class Detour {
  readonly #refused: Waiting[] = [];
  readonly #behind: Waiting[] = [];
  #cancelTimer: (() => void) | undefined;
  #awaited = 0;
  #isOver = false;

  constructor(private readonly ports: DetourPorts) {}

  /** Nothing is sent before. */
  async until(happened: Promise<unknown>): Promise<void> {
    this.#awaited += 1;
    await happened.catch(() => undefined);
    this.#awaited -= 1;
    if (this.#awaited === 0) this.#end(({ send }) => send());
  }

  /** Sent in the order in which they were refused. */
  again(call: () => Promise<RedisReply>): Promise<RedisReply> {
    return this.#wait(this.#refused, call);
  }

  /** Made while others were waiting. */
  behind(call: () => Promise<RedisReply>): Promise<RedisReply> {
    return this.#wait(this.#behind, call);
  }

  #wait(queue: Waiting[], call: () => Promise<RedisReply>): Promise<RedisReply> {
    const { clock, patienceMs } = this.ports;
    // Counted from the first of them: nobody waits longer, and one timer does for all.
    this.#cancelTimer ??= clock.setTimer(() => this.#end(({ giveUp }) => giveUp()), patienceMs);
    return new Promise((resolve, reject) => {
      queue.push({ send: () => resolve(call()), giveUp: () => reject(unavailable()) });
    });
  }

  #end(settle: (waiting: Waiting) => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer?.();
    this.ports.ended();
    for (const waiting of [...this.#refused, ...this.#behind]) settle(waiting);
  }
}

import type { RoomId } from '../admission/room-id.js';
import type { Clock } from '../core/clock.js';
import type { Message } from './message.js';

interface Step {
  readonly act: () => Promise<void>;
  /** The room that it joins or leaves. */
  readonly moves: RoomId | undefined;
  readonly done: Promise<true>;
  readonly finish: (isDone: true) => void;
  /** The same, or false after the deadline; one timer for all messages that wait for it. */
  doneInTime?: Promise<boolean>;
}

/** The room events that one connection has asked for, done one after the other; beyond a number they are not done. */
export class ControlQueue {
  /** The first one is being done. */
  readonly #steps: Step[] = [];

  constructor(
    private readonly maxWaiting: number,
    private readonly clock: Clock,
    private readonly deadlineMs: number,
  ) {}

  /** `act` never rejects. `moves`: the room that it joins or leaves. False: too many wait already. */
  push(act: () => Promise<void>, moves?: RoomId): boolean {
    if (this.#steps.length > this.maxWaiting) return false;
    let finish: Step['finish'] = () => undefined;
    const done = new Promise<true>((resolve) => (finish = resolve));
    this.#steps.push({ act, moves, done, finish });
    if (this.#steps.length === 1) void this.#run();
    return true;
  }

  /**
   * How to wait until it is decided whether the connection is in the room. The promise resolves with true, or with
   * false when the deadline passes first, counted from the first message that waits. Undefined when nothing is being
   * decided.
   */
  decided(room: RoomId): Message['decided'] {
    const step = this.#steps.findLast(({ moves }) => moves === room);
    const { clock, deadlineMs } = this;
    return step && (() => (step.doneInTime ??= clock.within(step.done, deadlineMs, false)));
  }

  async #run(): Promise<void> {
    for (let step = this.#steps[0]; step; step = this.#steps[0]) {
      await step.act();
      this.#steps.shift();
      step.finish(true);
    }
  }
}

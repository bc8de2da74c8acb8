import type { RoomId } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';
import type { Message } from '../connection/message.js';
import type { Clock } from '../core/clock.js';

interface Step {
  readonly act: () => Promise<void>;
  /** The room that it joins or leaves. */
  readonly moves: RoomId | undefined;
  readonly done: Promise<true>;
  readonly finish: (isDone: true) => void;
  /** The same, or false after the deadline; one timer for all messages that wait for it. */
  doneInTime?: Promise<boolean>;
}

/** Does what each connection asks for one after the other; what it asks for beyond a number is not done. */
export class ControlQueue {
  /** The first one is being done. */
  readonly #steps = new WeakMap<RoomConnection, Step[]>();
  /** Connections that have asked for something; asked for each message, and zero nearly always. */
  #busy = 0;

  constructor(
    private readonly maxWaiting: number,
    private readonly clock: Clock,
    private readonly deadlineMs: number,
  ) {}

  /** `act` never rejects. `moves`: the room that it joins or leaves. False: too many wait already. */
  push(connection: RoomConnection, act: () => Promise<void>, moves?: RoomId): boolean {
    const steps = this.#steps.get(connection) ?? [];
    if (steps.length > this.maxWaiting) return false;
    let finish: Step['finish'] = () => undefined;
    const done = new Promise<true>((resolve) => (finish = resolve));
    steps.push({ act, moves, done, finish });
    if (steps.length > 1) return true;
    this.#steps.set(connection, steps);
    this.#busy += 1;
    void this.#run(connection, steps);
    return true;
  }

  /**
   * How to wait until it is decided whether the connection is in the room: the promise resolves with true, or with false when that
   * takes longer than the deadline after the first message has begun to wait. Undefined when nothing is being decided.
   */
  decided(connection: RoomConnection, room: RoomId): Message['decided'] {
    if (this.#busy === 0) return undefined;
    const steps = this.#steps.get(connection);
    const step = steps?.findLast(({ moves }) => moves === room);
    const { clock, deadlineMs } = this;
    return step && (() => (step.doneInTime ??= clock.within(step.done, deadlineMs, false)));
  }

  async #run(connection: RoomConnection, steps: Step[]): Promise<void> {
    for (let step = steps[0]; step; step = steps[0]) {
      await step.act();
      steps.shift();
      step.finish(true);
    }
    this.#steps.delete(connection);
    this.#busy -= 1;
  }
}

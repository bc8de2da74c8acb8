import type { RoomId } from '../admission/room-id.js';
import type { RoomConnection } from '../connection/connection.js';

interface Step {
  readonly act: () => Promise<void>;
  /** The room that it joins or leaves. */
  readonly moves: RoomId | undefined;
  readonly done: Promise<void>;
  readonly finish: () => void;
}

/** Does what each connection asks for one after the other; what it asks for beyond a number is not done. */
export class ControlQueue {
  /** The first one is being done. */
  readonly #steps = new WeakMap<RoomConnection, Step[]>();
  /** Connections that have asked for something; asked for each message, and zero nearly always. */
  #busy = 0;

  constructor(private readonly maxWaiting: number) {}

  /** `act` never rejects. `moves`: the room that it joins or leaves. False: too many wait already. */
  push(connection: RoomConnection, act: () => Promise<void>, moves?: RoomId): boolean {
    const steps = this.#steps.get(connection) ?? [];
    if (steps.length > this.maxWaiting) return false;
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => (finish = resolve));
    steps.push({ act, moves, done, finish });
    if (steps.length > 1) return true;
    this.#steps.set(connection, steps);
    this.#busy += 1;
    void this.#run(connection, steps);
    return true;
  }

  /** Resolves when it is decided whether the connection is in the room; undefined when nothing is being decided. */
  decided(connection: RoomConnection, room: RoomId): Promise<void> | undefined {
    if (this.#busy === 0) return undefined;
    const steps = this.#steps.get(connection);
    return steps?.findLast(({ moves }) => moves === room)?.done;
  }

  async #run(connection: RoomConnection, steps: Step[]): Promise<void> {
    for (let step = steps[0]; step; step = steps[0]) {
      await step.act();
      steps.shift();
      step.finish();
    }
    this.#steps.delete(connection);
    this.#busy -= 1;
  }
}

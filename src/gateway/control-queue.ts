import type { RoomConnection } from '../connection/connection.js';

/** Does what each connection asks for one after the other; what it asks for beyond a number is not done. */
export class ControlQueue {
  readonly #waiting = new WeakMap<RoomConnection, (() => Promise<void>)[]>();

  constructor(private readonly maxWaiting: number) {}

  /** `act` never rejects. False: too many wait already. */
  push(connection: RoomConnection, act: () => Promise<void>): boolean {
    const waiting = this.#waiting.get(connection);
    if (!waiting) {
      this.#waiting.set(connection, []);
      void this.#run(connection, act);
      return true;
    }
    if (waiting.length >= this.maxWaiting) return false;
    waiting.push(act);
    return true;
  }

  async #run(connection: RoomConnection, first: () => Promise<void>): Promise<void> {
    for (let act: (() => Promise<void>) | undefined = first; act;) {
      await act();
      act = this.#waiting.get(connection)?.shift();
    }
    this.#waiting.delete(connection);
  }
}

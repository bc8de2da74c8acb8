// Somebody who speaks all the time: the same number in every room, the next one a little later.
import { setTimeout as sleep } from 'node:timers/promises';

export class Publisher {
  /** What was said last. */
  number = 0;
  /** Servers, the newest last. @type {import('./soak.types.js').Trial[]} */
  nodes = [];
  /** One of them that may end at any time. @type {import('./soak.types.js').Trial | undefined} */
  leaving;
  #isSpeaking = true;
  #rooms;
  #isShared;

  /** @param {{ rooms: number, isShared: boolean }} options  whether the servers share their rooms, so that one of them is enough */
  constructor({ rooms, isShared }) {
    this.#rooms = rooms;
    this.#isShared = isShared;
  }

  /**
   * Speaks until it is stopped.
   *
   * @param {number} everyMs
   */
  async speak(everyMs) {
    while (this.#isSpeaking) {
      this.number++;
      // The newest first: who moves there from an older one must not hear again what it has heard.
      const nodes = this.nodes.toReversed();
      for (const node of this.#isShared ? nodes.slice(0, 1) : nodes) await this.#tell(node);
      await sleep(everyMs);
    }
  }

  stop() {
    this.#isSpeaking = false;
  }

  /** @param {import('./soak.types.js').Trial} node */
  async #tell(node) {
    try {
      await node.step('speak', { number: this.number, rooms: this.#rooms });
    } catch (error) {
      if (node !== this.leaving) throw error;
    }
  }
}

// An attacker with one address: sockets on which nothing comes to an end, each replaced within a second when the server lets go of it.
import { LoadConnection } from '../load-connection.js';
import { withinLimit } from '../task.js';

/** Begun and not accepted yet: more would flood the queue of the kernel, in which all addresses wait. */
const MAX_CONNECTING = 64;
/** In which those come back that were let go, each at a time of its own: all at once would be a flood, too. */
const COME_AGAIN_MS = 1_000;
/** Who waits for so long for an answer is kept waiting. */
const HELD_MS = 1_000;
const NOTHING = Buffer.alloc(0);

/**
 * @typedef {object} Stalled
 * @property {number} open  sockets
 * @property {number} held  of them, upgrades that were sent whole and have waited for a second or more
 * @property {Record<number, number>} answers  by status; 0 for none
 */

/** @type {WeakMap<import('../crowd.js').Crowd, Stalling>} */
const stallings = new WeakMap();

class Stalling {
  open = 0;
  /** When upgrades were sent whole that are not answered, in that order: ms by index. @type {Map<number, number>} */
  asked = new Map();
  /** @type {Record<number, number>} */
  answers = {};
  onOpen = () => {};
  /** @type {number[]} */
  #waiting = [];
  #connecting = 0;
  #crowd;
  #where;

  /**
   * @param {import('../crowd.js').Crowd} crowd
   * @param {string} localAddress
   */
  constructor(crowd, localAddress) {
    this.#crowd = crowd;
    this.#where = { port: crowd.port, localAddress };
  }

  /** @param {number} index */
  begin(index) {
    this.#waiting.push(index);
    if (this.#connecting < MAX_CONNECTING) this.#connectNext();
  }

  #connectNext() {
    const index = this.#waiting.shift();
    if (index === undefined) return;
    this.#connecting++;
    this.#connect(index);
  }

  /** @param {number} index */
  #connect(index) {
    const { connections, dialect, requests } = this.#crowd;
    const isWhole = index < requests.length;
    const half = index % 2 === 0 ? requests[0].subarray(0, requests[0].length / 2) : NOTHING;
    let isOpen = false;
    const arrive = () => {
      this.#connecting--;
      this.#connectNext();
    };
    const connection = new LoadConnection(this.#where, dialect, {
      onConnected: () => {
        isOpen = true;
        this.open++;
        if (isWhole) this.asked.set(index, performance.now());
        arrive();
        connection.write(isWhole ? requests[index] : half);
        this.onOpen();
      },
      onRefused: (_connection, status) => {
        if (isOpen) this.open--;
        else arrive();
        this.asked.delete(index);
        this.answers[status] = (this.answers[status] ?? 0) + 1;
        setTimeout(
          // Unless the crowd was dropped meanwhile.
          () => connections === this.#crowd.connections && this.begin(index),
          Math.random() * COME_AGAIN_MS,
        );
      },
      // What the close that follows makes good.
      onFailed() {},
    });
    connections[index] = connection;
  }
}

/**
 * Goes on until the crowd is dropped. One socket for each request of the crowd sends all of it, of the others every second one
 * sends half of one, and the rest sends nothing.
 *
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ from: string, count: number, limitMs: number }} options
 * @returns {Promise<{ units: number }>}  when as many are open as send no whole request
 */
export function stall(crowd, { from, count, limitMs }) {
  const stalling = new Stalling(crowd, from);
  stallings.set(crowd, stalling);
  const silent = count - crowd.requests.length;
  return withinLimit(
    limitMs,
    () => `${stalling.open} of ${silent} open`,
    ({ resolve }) => {
      stalling.onOpen = () => {
        if (stalling.open === silent) resolve({ units: silent });
      };
      for (let index = 0; index < count; index++) stalling.begin(index);
    },
  );
}

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @returns {Stalled}  by now
 */
export function stalled(crowd) {
  const stalling = stallings.get(crowd);
  if (!stalling) throw new Error('nobody stalls');
  const { open, answers, asked } = stalling;
  const held = [...asked.values()].filter((at) => performance.now() - at >= HELD_MS).length;
  return { open, held, answers };
}

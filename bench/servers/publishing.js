// What nodes around one Redis do when they are measured: listen to rooms, publish in them, count what comes.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 1;
const ARRIVAL_LIMIT_MS = 10_000;

/**
 * @typedef {object} Bus
 * @property {(room: string) => Promise<unknown>} subscribe
 * @property {(room: string, body: string, publicationId: string) => Promise<unknown>} publish
 */

/**
 * @typedef {object} PublishingOptions  what the nodes are started with
 * @property {'ioredis' | 'redis'} client
 * @property {boolean} [history]
 * @property {number} redisPort
 */

/** @type {Bus} */
let bus;
let received = 0;

/** @param {Bus} made */
export function useBus(made) {
  bus = made;
}

/** Called for each publication that has come. */
export function countOne() {
  received += 1;
}

/** Steps by name. */
export const steps = {
  /** @param {{ rooms: number }} options */
  async listen({ rooms }) {
    await Promise.all(roomNames(rooms).map((room) => bus.subscribe(room)));
  },

  /** Room after room, always so many at once. @param {{ rooms: number, publications: number, inFlight: number, bytes: number }} options */
  async publish({ rooms, publications, inFlight, bytes }) {
    const body = 'x'.repeat(bytes);
    const names = roomNames(rooms);
    let begun = 0;
    const publishOn = async () => {
      while (begun < publications) await bus.publish(names[begun++ % rooms], body, randomUUID());
    };
    await Promise.all(Array.from({ length: inFlight }, publishOn));
  },

  /** Waits until so many have come since the last time, and none more. @param {{ publications: number }} options */
  async arrived({ publications }) {
    const deadline = performance.now() + ARRIVAL_LIMIT_MS;
    while (received < publications && performance.now() < deadline) await sleep(LOOK_MS);
    if (received !== publications)
      throw new Error(`${received} of ${publications} publications came`);
    received = 0;
  },
};

/** @param {number} count */
function roomNames(count) {
  return Array.from(
    { length: count },
    (_, n) => `rooms/00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  );
}

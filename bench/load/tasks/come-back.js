// Waits for the goodbye of a server that restarts, and comes to another one after the delay that it gave.
import { LoadConnection } from '../load-connection.js';
import { withinLimit } from '../task.js';
import { whereFrom } from '../where.js';

/** No length counts, so every text is looked at. */
const NOTHING = { min: Infinity, max: 0 };
const SECOND_MS = 1000;

/** @typedef {{ busiestSecond: number, meanSecond: number }} Returned  connections that were greeted in a second */

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ port: number, limitMs: number }} options
 * @returns {Promise<Returned>}
 */
export function comeBack(crowd, { port, limitMs }) {
  const leaving = crowd.connections;
  /** @type {number[]} */
  const times = [];
  return withinLimit(
    limitMs,
    () => `${times.length} of ${leaving.length} are back`,
    ({ resolve, reject }) => {
      const indexes = new Map(leaving.map((connection, index) => [connection, index]));
      /** @type {import('../load-connection.js').Listener} */
      const returning = {
        onConnected: (connection) =>
          connection.write(crowd.requests[/** @type {number} */ (indexes.get(connection))]),
        onReady() {
          if (times.push(performance.now()) === leaving.length) resolve(secondsOf(times));
        },
        onRefused: (_connection, status, body) => reject(new Error(`refused: ${status} ${body}`)),
        onFailed: reject,
      };
      crowd.connections = [];
      for (const connection of leaving) connection.range = NOTHING;
      for (const connection of leaving)
        connection.listener = {
          onOtherText(_connection, text) {
            const { event, data } = JSON.parse(text);
            if (event !== 'goodbye') throw new Error(`a ${event} came instead of a goodbye`);
            connection.close();
            const index = /** @type {number} */ (indexes.get(connection));
            setTimeout(() => {
              const back = new LoadConnection(whereFrom(port, index), crowd.dialect, returning);
              indexes.set(back, index);
              crowd.connections.push(back);
            }, data.retryAfterMs);
          },
          onFailed: reject,
        };
    },
  );
}

/**
 * Any second, whenever it begins.
 *
 * @param {number[]} times  ms, in order
 * @returns {Returned}
 */
function secondsOf(times) {
  let busiestSecond = 0;
  let from = 0;
  for (const [index, at] of times.entries()) {
    while (at - times[from] >= SECOND_MS) from++;
    busiestSecond = Math.max(busiestSecond, index - from + 1);
  }
  const allMs = times[times.length - 1] - times[0];
  return { busiestSecond, meanSecond: (times.length * SECOND_MS) / Math.max(allMs, SECOND_MS) };
}

// Waits for the goodbye of a server that restarts, and comes to another one after the delay that it gave.
import { LoadConnection } from '../load-connection.js';
import { secondsOf } from '../seconds.js';
import { withinLimit } from '../task.js';
import { whereFrom } from '../where.js';

/** No length counts, so every text is looked at. */
const NOTHING = { min: Infinity, max: 0 };

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ port: number, limitMs: number }} options
 * @returns {Promise<import('../seconds.js').Seconds>}  of connections that were greeted
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

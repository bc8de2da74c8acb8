// Waits until the server has closed every connection, and tells when each got its close frame.
import { monotonicMs } from '../../ipc/monotonic.js';
import { withinLimit } from '../task.js';

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ limitMs: number }} options
 * @returns {Promise<number[]>} ms on the clock of the machine, in the order in which they were opened
 */
export function kicked(crowd, { limitMs }) {
  const { connections } = crowd;
  /** @type {Map<import('../load-connection.js').LoadConnection, number>} */
  const times = new Map();
  return withinLimit(
    limitMs,
    () => `${times.size} of ${connections.length} were closed`,
    ({ resolve, reject }) => {
      crowd.listen({
        onServerClosed(connection) {
          times.set(connection, monotonicMs());
          if (times.size < connections.length) return;
          resolve(connections.map((one) => times.get(one) ?? NaN));
        },
        // What is said before the close.
        onOtherText() {},
        onFailed: reject,
      });
    },
  );
}

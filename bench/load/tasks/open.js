// Opens every connection of a crowd: TCP, upgrade, hello. Some at a time, so that no queue overflows.
import { LoadConnection } from '../load-connection.js';
import { withinLimit } from '../task.js';
import { whereFrom } from '../where.js';

/** @typedef {{ inFlight: number, limitMs: number }} OpenOptions */

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {OpenOptions} options
 * @returns {Promise<{ units: number }>}
 */
export function open(crowd, { inFlight, limitMs }) {
  const { requests, connections } = crowd;
  const wanted = requests.length;
  let ready = 0;
  return withinLimit(
    limitMs,
    () => `${ready} of ${wanted} open`,
    ({ resolve, reject }) => {
      /** @type {Map<LoadConnection, Buffer>} */
      const unsent = new Map();
      /** @type {import('../load-connection.js').Listener} */
      const listener = {
        onConnected(connection) {
          connection.write(/** @type {Buffer} */ (unsent.get(connection)));
          unsent.delete(connection);
        },
        onReady() {
          if (++ready === wanted) resolve({ units: wanted });
          else openNext();
        },
        onRefused: (_connection, status, body) => reject(new Error(`refused: ${status} ${body}`)),
        onFailed: reject,
      };
      const openNext = () => {
        const index = connections.length;
        if (index === wanted) return;
        const where = whereFrom(crowd.port, index);
        const connection = new LoadConnection(where, crowd.dialect, listener);
        connections.push(connection);
        unsent.set(connection, requests[index]);
      };
      for (let i = 0; i < inFlight; i++) openNext();
    },
  );
}

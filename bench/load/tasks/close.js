// Closes every connection with a close handshake and waits until the server has let go of it.
import { withinLimit } from '../task.js';

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {import('./open.js').OpenOptions} options
 * @returns {Promise<{ units: number }>}
 */
export function close(crowd, { inFlight, limitMs }) {
  const { connections } = crowd;
  let begun = 0;
  let closed = 0;
  return withinLimit(
    limitMs,
    () => `${closed} of ${connections.length} closed`,
    ({ resolve, reject }) => {
      const closeNext = () => begun < connections.length && connections[begun++].close();
      crowd.listen({
        onClosed() {
          if (++closed < connections.length) return void closeNext();
          crowd.connections = [];
          resolve({ units: closed });
        },
        onFailed: reject,
      });
      for (let i = 0; i < inFlight; i++) closeNext();
    },
  );
}

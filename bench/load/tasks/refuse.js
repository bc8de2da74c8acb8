// Sends every request of a crowd and wants each to be refused and its connection closed.
import { LoadConnection } from '../load-connection.js';
import { withinLimit } from '../task.js';
import { whereFrom } from '../where.js';

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {import('./open.js').OpenOptions} options
 * @returns {Promise<{ units: number }>}
 */
export function refuse(crowd, { inFlight, limitMs }) {
  const { requests, dialect } = crowd;
  let begun = 0;
  let refused = 0;
  return withinLimit(
    limitMs,
    () => `${refused} of ${requests.length} refused`,
    ({ resolve, reject }) => {
      const sendNext = () => {
        if (begun === requests.length) return;
        const request = requests[begun];
        const where = whereFrom(crowd.port, begun++);
        new LoadConnection(where, dialect, {
          onConnected: (connection) => connection.write(request),
          onRefused(_connection, status, body) {
            if (status !== dialect.refusedStatus) reject(new Error(`refused: ${status} ${body}`));
            else if (++refused === requests.length) resolve({ units: refused });
            else sendNext();
          },
          onReady: () => reject(new Error('a bad token was let in')),
          onFailed: reject,
        });
      };
      for (let i = 0; i < inFlight; i++) sendNext();
    },
  );
}

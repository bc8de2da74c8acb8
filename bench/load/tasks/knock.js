// One client after the other asks to come in, whether the ones before are in or not: how long each waits from its SYN to its hello.
import { LoadConnection } from '../load-connection.js';
import { withinLimit } from '../task.js';

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ from: string, everyMs: number, limitMs: number }} options
 * @returns {Promise<{ p50: number, p99: number, max: number }>}  ms
 */
export function knock(crowd, { from, everyMs, limitMs }) {
  const { requests, dialect, port } = crowd;
  /** @type {number[]} */
  const times = [];
  let next = 0;
  return withinLimit(
    limitMs,
    () => `${times.length} of ${requests.length} are in`,
    ({ resolve, reject }) => {
      const ask = () => {
        const request = requests[next++];
        if (next === requests.length) clearInterval(timer);
        const begun = performance.now();
        const connection = new LoadConnection({ port, localAddress: from }, dialect, {
          onConnected: () => connection.write(request),
          onReady() {
            connection.close();
            if (times.push(performance.now() - begun) === requests.length) resolve(spreadOf(times));
          },
          onRefused: (_connection, status, body) => fail(new Error(`refused: ${status} ${body}`)),
          onFailed: (error) => fail(error),
        });
      };
      const timer = setInterval(ask, everyMs);
      const fail = (/** @type {Error} */ error) => {
        clearInterval(timer);
        reject(error);
      };
    },
  );
}

/** @param {number[]} times */
function spreadOf(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.ceil(share * sorted.length) - 1];
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

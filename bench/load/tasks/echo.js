// Echo: every connection sends a batch in one write, and the next when all of it has come back.
import { maskedFrame, OPCODE } from '../masked-frame.js';
import { withinLimit } from '../task.js';
import { probe } from './probe.js';

/**
 * @typedef {object} TrafficOptions
 * @property {number} bytes  of data in a message
 * @property {number} inFlight  messages in a batch
 * @property {number} units  enough of them
 * @property {number} softMs  or enough of the time: slow servers do fewer
 * @property {number} limitMs
 */

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ bytes: number }} options
 */
export async function probeEcho(crowd, { bytes }) {
  const data = 'x'.repeat(bytes);
  const frame = maskedFrame(OPCODE.text, crowd.dialect.message('echo', data));
  await probe(crowd, frame, { event: 'echo', data, answers: 1 });
}

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {TrafficOptions} options
 * @returns {Promise<{ units: number }>}
 */
export function echo(crowd, { bytes, inFlight, units, softMs, limitMs }) {
  const { connections, dialect } = crowd;
  const frame = maskedFrame(OPCODE.text, dialect.message('echo', 'x'.repeat(bytes)));
  const batch = Buffer.concat(Array(inFlight).fill(frame));
  const stopSendingAt = performance.now() + softMs;
  let sent = 0;
  let received = 0;
  return withinLimit(
    limitMs,
    () => `${received} of ${sent} answers`,
    ({ resolve, reject }) => {
      /** @param {import('../load-connection.js').LoadConnection} connection */
      const sendBatch = (connection) => {
        sent += inFlight;
        connection.received = 0;
        connection.write(batch);
      };
      crowd.listen({
        onFrames(connection, frames) {
          received += frames;
          if (connection.received > inFlight) reject(new Error('more answers than messages'));
          if (connection.received < inFlight) return;
          if (sent < units && performance.now() < stopSendingAt) sendBatch(connection);
          else if (received === sent) resolve({ units: received });
        },
        onFailed: reject,
      });
      connections.forEach(sendBatch);
    },
  );
}

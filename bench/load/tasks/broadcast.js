// Broadcast: one member sends a batch in one write, and the next when every member has all of it.
import { maskedFrame, OPCODE } from '../masked-frame.js';
import { withinLimit } from '../task.js';
import { probe } from './probe.js';

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ bytes: number }} options
 */
export async function probeBroadcast(crowd, { bytes }) {
  const data = 'x'.repeat(bytes);
  const frame = maskedFrame(OPCODE.text, crowd.dialect.message('say', data));
  await probe(crowd, frame, { event: 'said', data, answers: crowd.connections.length });
}

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {import('./echo.js').TrafficOptions} options
 * @returns {Promise<{ units: number }>}  a unit is one delivery to one member
 */
export function broadcast(crowd, { bytes, inFlight, units, softMs, limitMs }) {
  const { connections, dialect } = crowd;
  const frame = maskedFrame(OPCODE.text, dialect.message('say', 'x'.repeat(bytes)));
  const batch = Buffer.concat(Array(inFlight).fill(frame));
  const stopSendingAt = performance.now() + softMs;
  let published = 0;
  let due = 0;
  let delivered = 0;
  return withinLimit(
    limitMs,
    () => `${delivered} of ${due} deliveries`,
    ({ resolve, reject }) => {
      const sendBatch = () => {
        published += inFlight;
        due += inFlight * connections.length;
        connections[0].write(batch);
      };
      const finish = () => {
        const everyone = connections.every(({ received }) => received === published);
        if (everyone) resolve({ units: delivered });
        else reject(new Error('some members got more, others less'));
      };
      for (const connection of connections) connection.received = 0;
      crowd.listen({
        onFrames(_connection, frames) {
          delivered += frames;
          if (delivered > due) reject(new Error('more deliveries than due'));
          if (delivered !== due) return;
          if (due < units && performance.now() < stopSendingAt) sendBatch();
          else finish();
        },
        onFailed: reject,
      });
      sendBatch();
    },
  );
}

// Sends one message and looks at what comes back as a person would. Afterwards only frames of that
// length count: an error in its place is another length, and fails the task.
import { withinLimit } from '../task.js';

const PROBE_LIMIT_MS = 10_000;
const NO_LENGTH = { min: Infinity, max: -1 };
/** A publication may carry an offset, whose digits grow. */
const LENGTH_MAY_GROW_BY = 8;

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {Buffer} frame
 * @param {{ event: string, data: string, answers: number }} expected
 * @returns {Promise<void>}
 */
export async function probe(crowd, frame, { event, data, answers }) {
  const { connections, dialect } = crowd;
  // An error may quote the message that caused it, so the data alone proves nothing.
  const beginning = dialect.beginning(event);
  let texts = 0;
  const length = await withinLimit(
    PROBE_LIMIT_MS,
    () => `${texts} of ${answers} answers to the first message`,
    ({ resolve, reject }) => {
      for (const connection of connections) connection.range = NO_LENGTH;
      crowd.listen({
        onOtherText(_connection, text) {
          if (!text.startsWith(beginning) || !text.includes(`"${data}"`)) {
            reject(new Error(`an unexpected message came: ${text}`));
          } else if (++texts === answers) resolve(Buffer.byteLength(text));
        },
        onFailed: reject,
      });
      connections[0].write(frame);
    },
  );
  const range = { min: length, max: length + LENGTH_MAY_GROW_BY };
  for (const connection of connections) {
    connection.range = range;
    connection.received = 0;
  }
}

// Listens to publications that say when they were sent: how late they are, with some connections not reading.
import { withinLimit } from '../task.js';

/** Readers whose every frame is looked at; the others only count theirs. */
const WATCHED = 20;
const NO_LENGTH = { min: Infinity, max: -1 };
/** Shorter frames are none of the flood's. */
const FLOOD_LENGTH = { min: 1024, max: Infinity };
/** What is on the way when the time is over. */
const REST_MS = 2_000;

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ ms: number, notReading: number, limitMs: number }} options
 * @returns {Promise<{ p50: number, p99: number, least: number }>} ms, and the least publications that a reader got
 */
export function latency(crowd, { ms, notReading, limitMs }) {
  const silent = crowd.connections.slice(0, notReading);
  const readers = crowd.connections.slice(notReading);
  const watched = new Map(readers.slice(0, WATCHED).map((reader) => [reader, 0]));
  /** @type {number[]} */
  const delays = [];
  return withinLimit(
    limitMs,
    () => `${delays.length} publications seen`,
    ({ resolve, reject }) => {
      crowd.listen({
        onOtherText(connection, text) {
          watched.set(connection, (watched.get(connection) ?? 0) + 1);
          const sentAt = /"at":"(\d+)"/.exec(text)?.[1];
          // One that TCP cut in two is counted, but not read.
          if (sentAt) delays.push(Number(process.hrtime.bigint() - BigInt(sentAt)) / 1e6);
        },
        onFailed: reject,
      });
      // They are closed as slow consumers, and do not notice.
      for (const connection of silent) {
        connection.listener = { onFailed() {} };
        connection.pause();
      }
      for (const reader of readers) {
        reader.received = 0;
        reader.range = watched.has(reader) ? NO_LENGTH : FLOOD_LENGTH;
      }
      setTimeout(() => {
        const counts = readers.map((reader) => watched.get(reader) ?? reader.received);
        const sorted = delays.sort((a, b) => a - b);
        const at = (/** @type {number} */ share) => sorted[Math.floor(share * sorted.length)];
        resolve({ p50: at(0.5), p99: at(0.99), least: Math.min(...counts) });
      }, ms + REST_MS);
    },
  );
}

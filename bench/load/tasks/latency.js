// Listens to publications that say when they were sent: how late they are for those who read.
import { withinLimit } from '../task.js';

/** Readers whose every frame is looked at, from the first to the last; the others only count theirs. */
const WATCHED = 20;
const NO_LENGTH = { min: Infinity, max: -1 };
/** Shorter frames are none of the flood's. */
const FLOOD_LENGTH = { min: 1024, max: Infinity };
/** How often it is looked whether everybody has everything. */
const LOOK_EVERY_MS = 50;

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ published: number, every: number, limitMs: number }} options  waits for so many; the first of so many is not watched, whether it reads or not
 * @returns {Promise<{ p50: number, p99: number }>} ms
 */
export function latency({ connections }, { published, every, limitMs }) {
  const readers = connections.filter(({ isPaused }) => !isPaused);
  const candidates = connections.filter((_, index) => index % every !== 0);
  const step = Math.floor(candidates.length / WATCHED);
  const watched = new Map(
    Array.from({ length: WATCHED }, (_, n) => [candidates[(n + 1) * step - 1], 0]),
  );
  /** @type {number[]} */
  const delays = [];
  const least = () => Math.min(...readers.map((reader) => watched.get(reader) ?? reader.received));
  return withinLimit(
    limitMs,
    () => `a reader got ${least()} of ${published} publications`,
    ({ resolve, reject }) => {
      /** @type {import('../load-connection.js').Listener} */
      const listener = {
        onOtherText(connection, text) {
          const sentAt = /"at":"(\d+)"/.exec(text)?.[1];
          if (!sentAt) return;
          watched.set(connection, (watched.get(connection) ?? 0) + 1);
          delays.push(Number(process.hrtime.bigint() - BigInt(sentAt)) / 1e6);
        },
        onFailed: reject,
      };
      for (const reader of readers) {
        reader.listener = listener;
        reader.received = 0;
        reader.range = watched.has(reader) ? NO_LENGTH : FLOOD_LENGTH;
      }
      const looking = setInterval(() => {
        if (least() < published) return;
        clearInterval(looking);
        const sorted = delays.sort((a, b) => a - b);
        const at = (/** @type {number} */ share) => sorted[Math.floor(share * sorted.length)];
        resolve({ p50: at(0.5), p99: at(0.99) });
      }, LOOK_EVERY_MS);
      setTimeout(() => clearInterval(looking), limitMs);
    },
  );
}

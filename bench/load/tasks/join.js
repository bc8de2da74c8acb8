// Joins: every connection asks for a number of further rooms in one write, and waits to be in all of them.
import { maskedFrame, OPCODE } from '../masked-frame.js';
import { withinLimit } from '../task.js';
import { roomOf } from '../room-of.js';

/** Rooms of the joins, apart from those of the tokens. */
const FIRST_ROOM = 1_000_000;

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ rooms: number, each: number, limitMs: number }} options  `each` of `rooms` rooms per connection, evenly
 * @returns {Promise<{ units: number }>}  a unit is one room joined
 */
export function join(crowd, { rooms, each, limitMs }) {
  const { connections } = crowd;
  const due = connections.length * each;
  let joined = 0;
  return withinLimit(
    limitMs,
    () => `${joined} of ${due} joins`,
    ({ resolve, reject }) => {
      crowd.listen({
        onFrames(_connection, frames) {
          joined += frames;
          if (joined === due) resolve({ units: due });
        },
        // News of presence, or an error: in that case the count is never reached.
        onOtherText() {},
        onFailed: reject,
      });
      for (const [index, connection] of connections.entries()) {
        const wanted = Array.from({ length: each }, (_, step) =>
          roomOf(FIRST_ROOM + ((index + step * Math.floor(rooms / each)) % rooms)),
        );
        const length = Buffer.byteLength(answer(wanted[0]));
        connection.range = { min: length, max: length };
        connection.write(
          Buffer.concat(wanted.map((room) => maskedFrame(OPCODE.text, request(room)))),
        );
      }
    },
  );
}

/** @param {string} room */
const request = (room) => JSON.stringify({ event: 'room.join', data: { room }, id: 1 });

/** @param {string} room */
const answer = (room) => JSON.stringify({ event: 'room.joined', data: { room }, id: 1 });

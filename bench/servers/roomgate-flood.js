// Our server again, which speaks to the first room of the crowd by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import { roomOf } from '../load/room-of.js';
import { keepProvider } from './kept.js';
import { importPackageUnderTest, roomUnderTest } from './package-under-test.js';
import { startRoomgate } from './roomgate.js';

const FILL = 'x'.repeat(16 * 1024);
const FILL_EVERY_MS = 10;
/** Rounds in which the system has taken nothing more: its buffers grow while they are filled. */
const FULL_ROUNDS = 20;
const MAX_FILL_ROUNDS = 2_000;
const MAX_OUTBOX_BYTES = 1024 * 1024;
/** Of an outbox; one that drops the oldest makes some room each time. */
const FULL = 7 / 8;

/** @type {any} */
let rooms;

/** @type {import('./server.types.js').StartServer} */
export const start = (options) => startFlood(options, {});

/**
 * @param {import('./server.types.js').ServerOptions} options
 * @param {object} settings  of the rooms
 */
export async function startFlood(options, settings) {
  const { RoomService } = await importPackageUnderTest();
  const keep = keepProvider(RoomService, (service) => (rooms = service));
  const bounds = { maxOutboxBytes: MAX_OUTBOX_BYTES, rooms: { default: settings } };
  return startRoomgate(options, [], [keep], bounds);
}

/** Steps by name. */
export const steps = {
  /**
   * Sends to those who do not read, and to nobody else, until their system and ours take no more.
   *
   * @param {{ every: number }} options
   * @returns {Promise<number>} bytes that the system took for each
   */
  async fill({ every }) {
    const silent = silentOf(every);
    let sent = 0;
    let full = 0;
    for (let round = 0; full < FULL_ROUNDS; round++) {
      if (round > MAX_FILL_ROUNDS) throw new Error('the members that do not read still take more');
      const taking = silent.filter((member) => member.socket.writableLength === 0);
      for (const member of taking) member.send('fill', FILL);
      sent += taking.length * FILL.length;
      full = taking.length === 0 ? full + 1 : 0;
      await sleep(taking.length === 0 ? FILL_EVERY_MS : 0);
    }
    return sent / silent.length;
  },
  /**
   * @param {{ ms: number, bytes: number, perSecond: number, every: number }} options
   * @returns {Promise<{ filled: number, closed: number }>} `filled`: members whose outbox was full once
   */
  async flood({ ms, bytes, perSecond, every }) {
    const room = roomUnderTest(rooms, roomOf(0));
    const silent = silentOf(every);
    const filled = new Set();
    const text = 'x'.repeat(bytes);
    const published = Math.floor((ms / 1000) * perSecond);
    const begun = performance.now();
    for (let n = 0; n < published; n++) {
      // The clock of the machine, which the load generator reads too.
      await room.broadcast('said', { at: String(process.hrtime.bigint()), text });
      await sleep(Math.max(0, begun + ((n + 1) * 1000) / perSecond - performance.now()));
      for (const member of silent)
        if (waitsFor(member) > FULL * MAX_OUTBOX_BYTES) filled.add(member);
    }
    const closed = silent.filter(({ isOpen }) => !isOpen).length;
    return { filled: filled.size, closed };
  },
};

/** @param {any} member */
const waitsFor = ({ outbox, socket }) => outbox.backlogBytes + socket.writableLength;

/**
 * Those whom `load/tasks/pause.js` chooses: subjects are numbered as the connections of the crowd are.
 *
 * @param {number} every
 * @returns {any[]}
 */
function silentOf(every) {
  const numberOf = (/** @type {any} */ { principal }) => Number(principal.subject.split('-')[1]);
  const members = (rooms.of?.('default') ?? rooms).members(roomOf(0));
  return members.filter((/** @type {any} */ member) => numberOf(member) % every === 0);
}

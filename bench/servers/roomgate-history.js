// Our server again, with rooms that keep what is said in them while nobody is there.
import { importPackageUnderTest, roomUnderTest } from './package-under-test.js';
import { startOpenRooms } from './open-rooms.js';

const ROOMS = 1_000;
const PUBLICATIONS = 100;
const BYTES = 128;

/** @type {any} */
let rooms;

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const { RoomService } = await importPackageUnderTest();
  const keep = {
    provide: 'kept rooms',
    useFactory: (/** @type {any} */ service) => (rooms = service),
    inject: [RoomService],
  };
  return startOpenRooms(options, { history: true }, [keep]);
}

/** Steps by name. */
export const steps = {
  /** Fills every room; returns µs of CPU per publication. */
  async fill() {
    const before = process.cpuUsage();
    for (let room = 0; room < ROOMS; room++) {
      const handle = roomUnderTest(rooms, idOf(room));
      for (let n = 0; n < PUBLICATIONS; n++) await handle.broadcast('said', text(room, n));
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / ROOMS / PUBLICATIONS;
  },
};

/** @param {number} room */
const idOf = (room) => `0b5e7a00-0000-4000-9000-${room.toString(16).padStart(12, '0')}`;

/** One of its own each time, or all rooms would share it. @param {number} room @param {number} n */
const text = (room, n) => `${room} ${n} `.padEnd(BYTES, 'x');

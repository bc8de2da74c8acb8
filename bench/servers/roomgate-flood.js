// Our server again, which speaks to the first room of the crowd by itself.
import { setTimeout as sleep } from 'node:timers/promises';
import { roomOf } from '../load/room-of.js';
import { keepProvider } from './kept.js';
import { importPackageUnderTest } from './package-under-test.js';
import { startRoomgate } from './roomgate.js';

/** @type {any} */
let rooms;

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const { RoomService } = await importPackageUnderTest();
  return startRoomgate(options, [], [keepProvider(RoomService, (service) => (rooms = service))]);
}

/** Steps by name. */
export const steps = {
  /** @param {{ ms: number, bytes: number, perSecond: number }} options */
  async flood({ ms, bytes, perSecond }) {
    const room = rooms.of('default').room(roomOf(0));
    const text = 'x'.repeat(bytes);
    const count = Math.floor((ms / 1000) * perSecond);
    const begun = performance.now();
    for (let n = 0; n < count; n++) {
      // The clock of the machine, which the load generator reads too.
      await room.broadcast('said', { at: String(process.hrtime.bigint()), text });
      await sleep(Math.max(0, begun + ((n + 1) * 1000) / perSecond - performance.now()));
    }
    return count;
  },
  /** Members that are not on their way out. */
  open: () =>
    rooms
      .of('default')
      .members(roomOf(0))
      .filter((/** @type {any} */ member) => member.isOpen).length,
};

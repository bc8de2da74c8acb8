// Our server with a policy that lets everybody into every room: tokens of the benchmark name one.
import { importPackageUnderTest } from './package-under-test.js';
import { startRoomgate } from './roomgate.js';

/**
 * @param {import('./server.types.js').ServerOptions} options
 * @param {object} rooms  options of the rooms' name
 * @param {import('@nestjs/common').Provider[]} [providers]
 */
export async function startOpenRooms(options, rooms, providers) {
  const { RoomPolicy } = await importPackageUnderTest();
  class OpenPolicy extends RoomPolicy {
    join() {
      return true;
    }
  }
  return startRoomgate(options, [], providers, { policy: OpenPolicy, rooms: { default: rooms } });
}

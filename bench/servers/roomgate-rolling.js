// Our server again, whose rooms keep a history, which says what it is told to, and ends at SIGTERM as in production.
import { roomOf } from '../load/room-of.js';
import { keepProvider } from './kept.js';
import { importPackageUnderTest, roomUnderTest } from './package-under-test.js';
import { startRoomgate } from './roomgate.js';

/** @type {any} */
let service;

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const { RoomService } = await importPackageUnderTest();
  const keep = keepProvider(RoomService, (kept) => (service = kept));
  return startRoomgate(options, [], [keep], {
    rooms: { default: { history: true } },
    prepare: (/** @type {import('@nestjs/common').INestApplication} */ app) =>
      app.enableShutdownHooks(),
  });
}

/** Steps by name. */
export const steps = {
  /** @param {{ number: number, rooms: number }} options  to the first so many rooms of the crowd */
  async speak({ number, rooms }) {
    const all = Array.from({ length: rooms }, (_, room) => roomUnderTest(service, roomOf(room)));
    await Promise.all(all.map((room) => room.broadcast('said', number)));
  },
};

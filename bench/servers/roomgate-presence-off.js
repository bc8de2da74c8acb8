// Our server again, open to all rooms, without presence.
import { startOpenRooms } from './open-rooms.js';

/** @type {import('./server.types.js').StartServer} */
export const start = (options) => startOpenRooms(options, {});

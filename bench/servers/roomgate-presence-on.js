// Our server again, open to all rooms, whose members are told of each other.
import { startOpenRooms } from './open-rooms.js';

/** @type {import('./server.types.js').StartServer} */
export const start = (options) => startOpenRooms(options, { presence: true });

// Bare socket.io, websocket transport only, the token checked before the upgrade.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { createDoor, isLive } from './door.js';
import { helloData } from './hello.js';
import { listen } from './listen.js';
import { socketIoOptions } from './socket-io-options.js';

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const http = createServer();
  const io = new Server(http, socketIoOptions(createDoor(options)));
  io.on('connection', (socket) => {
    const { claims, room } = /** @type {any} */ (socket.request);
    socket.join(room);
    socket.on('echo', (data) => {
      if (isLive(claims)) socket.emit('echo', data);
    });
    socket.on('say', (data) => {
      if (isLive(claims)) io.to(room).emit('said', data);
    });
    socket.emit('hello', helloData(room, claims));
  });
  return listen(http);
}

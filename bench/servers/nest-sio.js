// Nest with its socket.io adapter, websocket transport only, and the claims guard.
import { IoAdapter } from '@nestjs/platform-socket.io';
import { claimsGuard } from './claims-guard.js';
import { decorateRooms } from './decorate-rooms.js';
import { createDoor } from './door.js';
import { helloData } from './hello.js';
import { listenWithNest } from './nest-app.js';
import { socketIoOptions } from './socket-io-options.js';

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  class RoomsGateway {
    /** @type {any} */
    server;

    /** @param {any} server */
    afterInit(server) {
      this.server = server;
    }

    /** @param {any} socket */
    handleConnection(socket) {
      const { claims, room } = socket.request;
      socket.claims = claims;
      socket.join(room);
      socket.room = room;
      socket.emit('hello', helloData(room, claims));
    }

    /** @param {unknown} data */
    echo(data) {
      return { event: 'echo', data };
    }

    /**
     * @param {any} socket
     * @param {unknown} data
     */
    say(socket, data) {
      this.server.to(socket.room).emit('said', data);
    }
  }

  const gatewayOptions = socketIoOptions(createDoor(options));
  decorateRooms(RoomsGateway, claimsGuard, gatewayOptions);

  return listenWithNest({ providers: [RoomsGateway] }, (app) => {
    app.useWebSocketAdapter(new IoAdapter(app));
  });
}

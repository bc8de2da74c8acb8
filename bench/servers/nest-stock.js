// Nest's stock WsAdapter with a gateway as its documentation writes it. Which guard stands before the
// messages is the only thing in which the two servers that use it differ.
import { WsAdapter } from '@nestjs/platform-ws';
import { decorateRooms } from './decorate-rooms.js';
import { createDoor } from './door.js';
import { helloData } from './hello.js';
import { listenWithNest } from './nest-app.js';

const OPEN = 1;

/**
 * @param {import('./server.types.js').ServerOptions} options
 * @param {import('@nestjs/common').CanActivate} guard
 */
export function startStockNest(options, guard) {
  const admit = createDoor(options);
  /** @type {Map<string, Set<any>>} */
  const rooms = new Map();

  class RoomsGateway {
    /**
     * @param {any} client
     * @param {any} request
     */
    handleConnection(client, request) {
      const { claims, room } = request;
      client.claims = claims;
      client.token = request.headers.authorization.slice('Bearer '.length);
      client.room = room;
      const members = rooms.get(room) ?? new Set();
      rooms.set(room, members.add(client));
      client.send(JSON.stringify({ event: 'hello', data: helloData(room, claims) }));
    }

    /** @param {any} client */
    handleDisconnect(client) {
      const members = rooms.get(client.room);
      members?.delete(client);
      if (members?.size === 0) rooms.delete(client.room);
    }

    /** @param {unknown} data */
    echo(data) {
      return { event: 'echo', data };
    }

    /**
     * @param {any} client
     * @param {unknown} data
     */
    say(client, data) {
      const said = JSON.stringify({ event: 'said', data });
      for (const member of rooms.get(client.room) ?? []) {
        if (member.readyState === OPEN) member.send(said);
      }
    }
  }

  /**
   * Stock Nest has no word for admission; ws's own hook is reached through the gateway's options.
   *
   * @param {{ req: any }} info
   * @param {(admitted: boolean, status?: number) => void} answer
   */
  function verifyClient({ req }, answer) {
    req.room = new URL(req.url, 'ws://host').searchParams.get('room') ?? '';
    req.claims = admit(req.headers.authorization, req.room);
    if (req.claims) answer(true);
    else answer(false, 401);
  }

  const gatewayOptions = { path: '/rooms', verifyClient, maxPayload: 65536 };
  decorateRooms(RoomsGateway, guard, gatewayOptions);

  return listenWithNest({ providers: [RoomsGateway] }, (app) => {
    app.useWebSocketAdapter(new WsAdapter(app));
  });
}

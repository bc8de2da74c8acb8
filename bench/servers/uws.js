// uWebSockets.js with its native topics: what C++ reaches, as a reference.
import { createDoor, isLive } from './door.js';
import { helloData } from './hello.js';
import { loadUws } from './uws-binary.js';

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const admit = createDoor(options);
  const uws = loadUws();
  const app = uws.App();
  app.ws('/:room', {
    maxPayloadLength: 65536,
    /**
     * @param {any} response
     * @param {any} request
     * @param {any} context
     */
    upgrade(response, request, context) {
      const room = request.getParameter(0);
      const claims = admit(request.getHeader('authorization'), room);
      if (!claims) return response.writeStatus('401 Unauthorized').end('', true);
      response.upgrade(
        { claims, room },
        request.getHeader('sec-websocket-key'),
        request.getHeader('sec-websocket-protocol'),
        request.getHeader('sec-websocket-extensions'),
        context,
      );
    },
    /** @param {any} client */
    open(client) {
      const { claims, room } = client.getUserData();
      client.subscribe(room);
      client.send(JSON.stringify({ event: 'hello', data: helloData(room, claims) }));
    },
    /**
     * @param {any} client
     * @param {ArrayBuffer} bytes
     */
    message(client, bytes) {
      const { claims, room } = client.getUserData();
      if (!isLive(claims)) return client.end(4401);
      const { event, data } = JSON.parse(Buffer.from(bytes).toString());
      if (event === 'echo') client.send(JSON.stringify({ event: 'echo', data }));
      else if (event === 'say') app.publish(room, JSON.stringify({ event: 'said', data }));
    },
  });
  return new Promise((resolve, reject) => {
    app.listen('127.0.0.1', 0, (/** @type {any} */ socket) => {
      if (socket) resolve({ port: uws.us_socket_local_port(socket) });
      else reject(new Error('uWebSockets.js could not listen'));
    });
  });
}

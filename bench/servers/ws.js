// The control: bare `ws`, hand-written with care. Everything else is measured against it.
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { createDoor, isLive } from './door.js';
import { helloData } from './hello.js';
import { listen } from './listen.js';

const TEXT = { binary: false };

/** @type {Map<string, Set<any>>} */
export const rooms = new Map();

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  return startWs(createDoor(options), (answer) => answer(true));
}

/**
 * @param {ReturnType<typeof createDoor>} admit
 * @param {(answer: (yes: true) => void, socket: import('node:net').Socket) => void} accept
 */
export async function startWs(admit, accept) {
  const http = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({
    server: http,
    clientTracking: false,
    maxPayload: 65536,
    verifyClient(info, answer) {
      const request = /** @type {any} */ (info.req);
      request.claims = admit(request.headers.authorization, request.url.slice(1));
      if (request.claims) accept(answer, request.socket);
      else answer(false, 401);
    },
  });
  sockets.on('connection', onConnection);
  return listen(http);
}

/**
 * The listeners are shared functions and the request is dropped: an idle connection holds only what
 * it needs.
 *
 * @param {any} client
 * @param {any} request
 */
function onConnection(client, request) {
  const { sub, exp } = request.claims;
  const room = request.url.slice(1);
  client.exp = exp;
  client.room = room;
  let members = rooms.get(room);
  if (!members) rooms.set(room, (members = new Set()));
  members.add(client);
  client.on('message', onMessage);
  client.on('close', onClose);
  client.on('error', onError);
  client.send(JSON.stringify({ event: 'hello', data: helloData(room, { sub, exp }) }));
}

/**
 * @this {any}
 * @param {Buffer} bytes
 */
function onMessage(bytes) {
  if (!isLive(this)) return this.close(4401);
  let message;
  try {
    message = JSON.parse(bytes.toString());
  } catch {
    return this.close(4400);
  }
  if (message.event === 'echo') {
    this.send(JSON.stringify({ event: 'echo', data: message.data }));
  } else if (message.event === 'say') {
    const said = Buffer.from(JSON.stringify({ event: 'said', data: message.data }));
    for (const member of rooms.get(this.room) ?? []) {
      if (member.readyState === WebSocket.OPEN) member.send(said, TEXT);
    }
  }
}

/** @this {any} */
function onClose() {
  const members = rooms.get(this.room);
  members?.delete(this);
  if (members?.size === 0) rooms.delete(this.room);
}

/** An error is followed by the close, which does the cleaning. */
function onError() {}

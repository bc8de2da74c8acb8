// socket.io's framing: engine.io 4 over one WebSocket, no polling.

/** Packets: engine.io type, then for messages (4) socket.io's type: 0 connect, 2 event. */
const CONNECT = '40';
const EVENT = '42';

/** @type {import('./index.js').Dialect} */
export const socketIo = {
  target: (room) => `/socket.io/?EIO=4&transport=websocket&room=${room}`,
  // What engine.io answers to an upgrade, whatever is wrong with it.
  refusedStatus: 400,
  greeting: CONNECT,
  // The open packet, the answer to our connect, our server's hello.
  framesUntilReady: 3,
  message: (event, data) => EVENT + JSON.stringify([event, data]),
  beginning: (event) => `${EVENT}["${event}",`,
  heartbeat: { length: 1, answer: '3' },
};

// Plain WebSocket with Nest's message shape, the room in the path or, where a router cannot do that,
// in the query.

/** @type {import('./index.js').Dialect} */
export const path = {
  target: (room) => `/${room}`,
  refusedStatus: 401,
  greeting: null,
  framesUntilReady: 1,
  message: (event, data) => JSON.stringify({ event, data }),
  beginning: (event) => `{"event":"${event}",`,
  heartbeat: null,
};

/** @type {import('./index.js').Dialect} */
export const query = { ...path, target: (room) => `/rooms?room=${room}` };

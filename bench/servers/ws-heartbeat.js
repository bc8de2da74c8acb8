// The control with a heartbeat: bare ws, each client pinged as often as ours are, at a time of its own, and gone without a pong.
import { rooms, start as startWs } from './ws.js';

const BEAT_MS = 1_000;
const BEATS_BETWEEN_PINGS = 25;
const BEATS_TO_ANSWER = 10;

let beat = 0;

/** @type {import('./server.types.js').StartServer} */
export async function start(options) {
  const listening = await startWs(options);
  setInterval(onBeat, BEAT_MS);
  return listening;
}

function onBeat() {
  beat += 1;
  for (const members of rooms.values()) for (const client of members) watch(client);
}

/** @param {any} client */
function watch(client) {
  if (client.pingAt === undefined) {
    client.pingAt = beat + Math.floor(Math.random() * BEATS_BETWEEN_PINGS);
    client.isWaiting = false;
    client.on('pong', onPong);
  } else if (client.isWaiting && beat - client.pingAt >= BEATS_TO_ANSWER) client.terminate();
  else if (!client.isWaiting && beat >= client.pingAt) {
    client.pingAt = beat;
    client.isWaiting = true;
    client.ping();
  }
}

/** @this {any} */
function onPong() {
  this.isWaiting = false;
  this.pingAt += BEATS_BETWEEN_PINGS;
}

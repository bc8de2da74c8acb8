// Everything that clients do, at once, for a while: they come and go, speak, refresh, and come back after a kick.
import { LoadConnection } from '../load-connection.js';
import { maskedFrame, OPCODE } from '../masked-frame.js';
import { withinLimit } from '../task.js';
import { whereFrom } from '../where.js';

/** Ids of publications are remembered for one to two minutes: more of them would be more of the heap than the soak is looking for. */
const EVERY_MS = { churn: 5, broadcast: 10, refresh: 20 };
const NO_LENGTH = { min: Infinity, max: -1 };
const KICKED = 4440;
const EXPECTED = ['said', 'ack', 'auth.refreshed', 'auth.expiring', 'goodbye'];
/** Until whoever is on the way in or out has arrived. */
const REST_MS = 1_000;

/**
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ ms: number, limitMs: number }} options
 * @returns {Promise<{ done: Record<string, number>, errors: string[] }>}
 */
export function soak(crowd, { ms, limitMs }) {
  const { connections, tickets, requests, dialect } = crowd;
  const done = { connects: 0, kicks: 0, broadcasts: 0, refreshes: 0, refused: 0, deliveries: 0 };
  /** @type {string[]} */
  const errors = [];
  // Who was kicked last is still on its way in.
  const ready = new Set(connections.filter((connection) => connection.isReady));
  const say = maskedFrame(OPCODE.text, dialect.message('say', 'x'.repeat(64)));
  const wrong = (/** @type {unknown} */ what) => void errors.push(String(what).slice(0, 200));

  /** @param {number} index @returns {import('../load-connection.js').Listener} */
  const listenerOf = (index) => ({
    onConnected: (connection) => connection.write(requests[index]),
    onReady(connection) {
      // The first frame counted, the rest is looked at.
      connection.range = NO_LENGTH;
      ready.add(connection);
      done.connects++;
    },
    onOtherText(_connection, text) {
      const event = /^\{"event":"([^"]+)"/.exec(text)?.[1];
      if (event === 'said') done.deliveries++;
      else if (event === 'auth.refreshed') done.refreshes++;
      // Chance asked the same connection twice at once.
      else if (text.includes('"refresh_in_progress"')) done.refused++;
      // One that TCP cut in two is lost to us.
      else if (text !== '' && !EXPECTED.includes(String(event))) wrong(text);
    },
    onServerClosed(connection, code) {
      ready.delete(connection);
      if (code !== KICKED) return wrong(`closed with ${code}`);
      done.kicks++;
      reopen(index);
    },
    onRefused: (_connection, status, body) => wrong(`refused: ${status} ${body}`),
    onFailed: wrong,
  });
  const reopen = (/** @type {number} */ index) => {
    const where = whereFrom(crowd.port, index);
    connections[index] = new LoadConnection(where, dialect, listenerOf(index));
  };
  /** @param {(connection: LoadConnection, index: number) => void} act */
  const withSomebody = (act) => () => {
    const index = Math.floor(Math.random() * connections.length);
    if (ready.has(connections[index])) act(connections[index], index);
  };
  const churn = withSomebody((connection, index) => {
    ready.delete(connection);
    if (Math.random() < 0.5) connection.close();
    else connection.drop();
    reopen(index);
  });
  const broadcast = withSomebody((connection) => {
    connection.write(say);
    done.broadcasts++;
  });
  const refresh = withSomebody((connection, index) => {
    const data = { token: tickets[index].token };
    connection.write(
      maskedFrame(OPCODE.text, JSON.stringify({ event: 'auth.refresh', data, id: 1 })),
    );
  });
  for (const [index, connection] of connections.entries()) {
    connection.listener = listenerOf(index);
    if (connection.isReady) connection.range = NO_LENGTH;
  }
  const timers = [
    setInterval(churn, EVERY_MS.churn),
    setInterval(broadcast, EVERY_MS.broadcast),
    setInterval(refresh, EVERY_MS.refresh),
  ];
  return withinLimit(
    limitMs,
    () => JSON.stringify(done),
    ({ resolve }) => {
      setTimeout(() => timers.forEach(clearInterval), ms - REST_MS);
      setTimeout(() => {
        if (ready.size !== connections.length) {
          wrong(`${ready.size} of ${connections.length} are there at the end`);
        }
        resolve({ done, errors });
      }, ms);
    },
  );
}

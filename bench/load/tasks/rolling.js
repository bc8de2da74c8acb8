// Members of rooms that follow their servers through restarts: each keeps a log, and comes back with its position.
import { LoadConnection } from '../load-connection.js';
import { MemberLog, nothingSeen } from '../member-log.js';
import { secondsOf } from '../seconds.js';
import { withinLimit } from '../task.js';
import { upgradeRequest } from '../upgrade-request.js';
import { whereFrom } from '../where.js';

/** No length counts, so every text is looked at. */
const NOTHING = { min: Infinity, max: 0 };
/** How often it is looked whether everything has come. */
const LOOK_EVERY_MS = 50;

/**
 * @typedef {object} Member
 * @property {MemberLog} log
 * @property {number} port  of the server where it is, or is going
 */

/** @type {WeakMap<import('../crowd.js').Crowd, Rolling>} */
const rollings = new WeakMap();

class Rolling {
  /** @type {Member[]} */
  members;
  /** Servers to come back to, for those who are told to go. @type {number[]} */
  ports = [];
  /** Until all of them are there: ms, when each was greeted. @type {Promise<number[]>} */
  back = Promise.resolve([]);
  /** Told of everybody who was greeted. */
  onGreeted = () => {};
  /** @type {(error: Error) => void} */
  onFailed = () => {};
  #crowd;

  /**
   * @param {import('../crowd.js').Crowd} crowd
   * @param {number[]} ports
   */
  constructor(crowd, ports) {
    this.#crowd = crowd;
    this.members = crowd.tickets.map((_, index) => ({
      log: new MemberLog(),
      port: ports[index % ports.length],
    }));
  }

  /** @param {number} index */
  open(index) {
    const { connections, dialect, tickets } = this.#crowd;
    const { log, port } = this.members[index];
    const { token, room } = tickets[index];
    const request = upgradeRequest(dialect.target(room) + log.query, token);
    const connection = new LoadConnection(whereFrom(port, index), dialect, {
      onConnected: (connected) => connected.write(request),
      onOtherText: (_connection, text) => this.#onText(index, JSON.parse(text)),
      onRefused: (_connection, status, body) =>
        this.onFailed(new Error(`refused: ${status} ${body}`)),
      onFailed: (error) => this.onFailed(error),
    });
    connection.range = NOTHING;
    connections[index] = connection;
  }

  /**
   * @param {number} index
   * @param {any} message
   */
  #onText(index, message) {
    const { log } = this.members[index];
    if (message.event === 'said') log.said(message);
    else if (message.event === 'gap') log.gap(message.data);
    else if (message.event === 'goodbye') this.#goAway(index, message.data);
    else if (message.event === 'hello') {
      log.hello(message.data);
      this.onGreeted();
    } else this.onFailed(new Error(`an unexpected message came: ${JSON.stringify(message)}`));
  }

  /**
   * @param {number} index
   * @param {{ code: number, retryAfterMs: number }} goodbye
   */
  #goAway(index, { code, retryAfterMs }) {
    if (code !== 1012) this.onFailed(new Error(`goodbye with ${code}`));
    this.#crowd.connections[index].close();
    this.members[index].port = this.ports[index % this.ports.length];
    setTimeout(() => this.open(index), retryAfterMs);
  }

  /**
   * @param {number} count
   * @param {number} limitMs
   * @param {() => void} begin
   * @returns {Promise<number[]>}  ms, when so many were greeted
   */
  greeted(count, limitMs, begin) {
    /** @type {number[]} */
    const times = [];
    return withinLimit(
      limitMs,
      () => `${times.length} of ${count} are there`,
      ({ resolve, reject }) => {
        this.onFailed = reject;
        this.onGreeted = () => {
          if (times.push(performance.now()) === count) resolve(times);
        };
        begin();
      },
    );
  }
}

/**
 * Everybody comes for the first time, evenly to all servers.
 *
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ ports: number[], inFlight: number, limitMs: number }} options
 */
export async function rollIn(crowd, { ports, inFlight, limitMs }) {
  const rolling = new Rolling(crowd, ports);
  rollings.set(crowd, rolling);
  const { length } = rolling.members;
  for (let from = 0; from < length; from += inFlight) {
    const to = Math.min(from + inFlight, length);
    await rolling.greeted(to - from, limitMs, () => {
      for (let index = from; index < to; index++) rolling.open(index);
    });
  }
}

/**
 * Some lose their connection without a word, what was on the way included, and come back at once to the same server.
 *
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ every: number, limitMs: number }} options  the first of so many
 * @returns {Promise<{ units: number }>}
 */
export async function rollCut(crowd, { every, limitMs }) {
  const rolling = rollingOf(crowd);
  const cut = [...rolling.members.keys()].filter((index) => index % every === 0);
  await rolling.greeted(cut.length, limitMs, () => {
    for (const index of cut) {
      crowd.connections[index].drop();
      rolling.open(index);
    }
  });
  return { units: cut.length };
}

/**
 * Tells the members of a server that is going to say goodbye where to come back to.
 *
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ from: number, to: number[], limitMs: number }} options  ports
 */
export function rollTo(crowd, { from, to, limitMs }) {
  const rolling = rollingOf(crowd);
  const { length } = rolling.members.filter(({ port }) => port === from);
  rolling.ports = to;
  rolling.back = rolling.greeted(length, limitMs, () => {});
  // Told to those who wait for it.
  rolling.back.catch(() => {});
}

/**
 * Waits until they are there.
 *
 * @param {import('../crowd.js').Crowd} crowd
 * @returns {Promise<import('../seconds.js').Seconds>}
 */
export async function rollBack(crowd) {
  return secondsOf(await rollingOf(crowd).back);
}

/**
 * Waits for the last publication, and adds up what everybody saw.
 *
 * @param {import('../crowd.js').Crowd} crowd
 * @param {{ last: number, limitMs: number }} options
 * @returns {Promise<import('../member-log.js').Seen>}
 */
export async function rollEnd(crowd, { last, limitMs }) {
  const { members } = rollingOf(crowd);
  const until = performance.now() + limitMs;
  while (performance.now() < until && members.some(({ log }) => log.last < last)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const total = nothingSeen();
  for (const { log } of members) {
    log.end(last);
    total.received += log.seen.received;
    total.gaps += log.seen.gaps;
    total.told += log.seen.told;
    total.lost += log.seen.lost;
    total.duplicated += log.seen.duplicated;
  }
  return total;
}

/** @param {import('../crowd.js').Crowd} crowd */
function rollingOf(crowd) {
  const rolling = rollings.get(crowd);
  if (!rolling) throw new Error('nobody is in');
  return rolling;
}

// The connections that a task works on, and the requests that open them.
import { DIALECTS } from './dialects/index.js';
import { ticketsOf } from './tokens.js';
import { upgradeRequest } from './upgrade-request.js';

/**
 * @typedef {object} CrowdOptions
 * @property {number} port
 * @property {import('./dialects/index.js').DialectName} dialect
 * @property {import('../tokens/keys.js').Algorithm} algorithm
 * @property {import('./tokens.js').TokenKind} tokens
 * @property {number} count
 * @property {number} [skip]  tickets left out, so that warming up and measuring share none
 * @property {number} [roomSize]
 */

export class Crowd {
  /** @type {import('./load-connection.js').LoadConnection[]} */
  connections = [];

  /** @param {CrowdOptions} options */
  constructor({ port, dialect, algorithm, tokens, count, skip = 0, roomSize }) {
    this.port = port;
    this.dialect = DIALECTS[dialect];
    this.tickets = ticketsOf(algorithm, tokens, count + skip, roomSize).slice(skip);
    this.requests = this.tickets.map(({ token, room }) =>
      upgradeRequest(this.dialect.target(room), token),
    );
  }

  /** @param {import('./load-connection.js').Listener} listener */
  listen(listener) {
    for (const connection of this.connections) connection.listener = listener;
  }

  drop() {
    for (const connection of this.connections) connection.drop();
    this.connections = [];
  }
}

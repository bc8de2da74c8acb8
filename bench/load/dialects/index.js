// How a server wants to be spoken to. Everything protocol-specific of the load generator is here.
import { path, query } from './plain.js';
import { socketIo } from './socket-io.js';

/**
 * @typedef {object} Dialect
 * @property {(room: string) => string} target  the request target of the upgrade
 * @property {number} refusedStatus  what a bad token is answered with
 * @property {string | null} greeting  text that we send after the server's first frame, if any
 * @property {number} framesUntilReady  data frames of the server up to and including its hello
 * @property {(event: string, data: string) => string} message
 * @property {(event: string) => string} beginning  how a message of that event begins, both ways
 * @property {{ length: number, answer: string } | null} heartbeat  the server's own ping as a data frame
 */

/** @typedef {'path' | 'query' | 'socketIo'} DialectName */

/** @type {Record<DialectName, Dialect>} */
export const DIALECTS = { path, query, socketIo };

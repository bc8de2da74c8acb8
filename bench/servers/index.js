// The servers that can be measured, in the order of the tables.

/**
 * @typedef {object} ServerEntry
 * @property {string} file  in this folder, without the suffix
 * @property {import('../load/dialects/index.js').DialectName} [dialect]  none: it has no clients, and only takes part in jobs that name it
 * @property {string} what  one line for the report
 */

/** Ours as it was at another revision, which `--before` names: it takes part wherever `roomgate` does. */
export const BEFORE = 'roomgate-before';

/** The server that ratios refer to, unless a job says otherwise. */
export const CONTROL = 'ws';

/** @type {Record<string, ServerEntry>} */
export const SERVERS = {
  roomgate: {
    file: 'roomgate',
    dialect: 'path',
    what: 'nestjs-roomgate as built, in a Nest app, as a user writes it',
  },
  [BEFORE]: {
    file: 'roomgate',
    dialect: 'path',
    what: 'nestjs-roomgate of the revision that --before names, with the same node_modules',
  },
  ws: {
    file: 'ws',
    dialect: 'path',
    what: 'the control: bare ws, hand-written with care, no framework',
  },
  'ws-again': {
    file: 'ws',
    dialect: 'path',
    what: 'the control a second time: its ratio is the noise of the run',
  },
  'ws-floor': {
    file: 'ws-floor',
    dialect: 'path',
    what: 'the control with signatures by node:crypto and its first two writes in one: how far ws goes',
  },
  'nest-claims': {
    file: 'nest-claims',
    dialect: 'query',
    what: "Nest's stock WsAdapter, a guard that looks at the claims kept on the socket",
  },
  'nest-verify': {
    file: 'nest-verify',
    dialect: 'query',
    what: "Nest's stock WsAdapter, the tutorial's guard: verifies the token on every message",
  },
  'nest-sio': {
    file: 'nest-sio',
    dialect: 'socketIo',
    what: 'Nest with socket.io, websocket transport only, claims guard',
  },
  sio: {
    file: 'sio',
    dialect: 'socketIo',
    what: 'bare socket.io, websocket transport only',
  },
  uws: {
    file: 'uws',
    dialect: 'path',
    what: 'uWebSockets.js 20.30 (binaries of a fork, Node 18 and 20), topics',
  },
  pubsub: {
    file: 'redis-pubsub',
    what: 'the control of the jobs of Redis: bare PUBLISH and SUBSCRIBE with the same client',
  },
  'pubsub-again': {
    file: 'redis-pubsub',
    what: 'that control a second time: its ratio is the noise of the run',
  },
};

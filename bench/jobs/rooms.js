// Rooms: what presence costs those who join, and what the history of a room keeps in memory. No peer has them.

const ROOMS = 1_000;
const MEMBERS = 50;
const CONNECTIONS = 1_000;
/** In and out once, so that compiling and what is allocated once are no part of the price. */
const WARM_UP = 100;
const OPENING = { inFlight: 64, limitMs: 60_000 };
const EACH = (ROOMS * MEMBERS) / CONNECTIONS;
const JOINING = { rooms: ROOMS, each: EACH, limitMs: 120_000 };

const SERVERS = [
  { presence: 'off', file: 'roomgate-presence-off' },
  { presence: 'on', file: 'roomgate-presence-on' },
];
/** @param {string} presence */
const cpuCell = (presence) => `join, presence ${presence}`;
/** @param {string} presence */
const heapCell = (presence) => `JS heap of a member, presence ${presence}`;

/** @type {import('./job.types.js').Job} */
export const presence = {
  name: 'presence',
  what: `${ROOMS} rooms of ${MEMBERS} members, joined over ${CONNECTIONS} connections`,
  cells: SERVERS.flatMap(({ presence }) => [
    { name: cpuCell(presence), unit: 'µs' },
    { name: heapCell(presence), unit: 'KiB' },
  ]),
  sockets: CONNECTIONS,
  servers: ['roomgate'],
  async measure(turn) {
    for (const { presence, file } of SERVERS) {
      turn.note(cpuCell(presence));
      const trial = await turn.begin('HS256', file);
      await trial.crowd({ tokens: 'distinct', count: WARM_UP, skip: CONNECTIONS });
      await trial.do('open', OPENING);
      await trial.do('join', { ...JOINING, rooms: WARM_UP });
      await trial.do('drop');
      await trial.crowd({ tokens: 'distinct', count: CONNECTIONS });
      await trial.do('open', OPENING);
      const before = await trial.memory();
      turn.record(cpuCell(presence), await trial.measure('join', JOINING));
      const { heapUsed } = await trial.memory();
      const kib = (heapUsed - before.heapUsed) / 1024 / ROOMS / MEMBERS;
      turn.record(heapCell(presence), { value: kib });
      await trial.end();
    }
  },
};

const HISTORY_CPU = 'broadcast that is kept';
const HISTORY_HEAP = 'JS heap of 100 × 128 B';

/** @type {import('./job.types.js').Job} */
export const history = {
  name: 'history',
  what: `${ROOMS} rooms with 100 publications of 128 B each, and no members`,
  cells: [
    { name: HISTORY_CPU, unit: 'µs' },
    { name: HISTORY_HEAP, unit: 'KiB per room' },
  ],
  sockets: 1,
  servers: ['roomgate'],
  async measure(turn) {
    turn.note(HISTORY_CPU);
    const trial = await turn.begin('HS256', 'roomgate-history');
    const before = await trial.memory();
    turn.record(HISTORY_CPU, { value: await trial.step('fill') });
    const { heapUsed } = await trial.memory();
    turn.record(HISTORY_HEAP, { value: (heapUsed - before.heapUsed) / 1024 / ROOMS });
    await trial.end();
  },
};

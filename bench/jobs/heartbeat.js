// The price of connections that say nothing: pings, pongs and the clock that watches them.

const CONNECTIONS = 10_000;
const OPENING = { inFlight: 64, limitMs: 60_000 };
/** A little more than `pingIntervalMs`: everybody is pinged at least once. */
const REST = { ms: 27_000 };
/** The first rounds are the compilers', and what opening has left behind is collected a while after it, at the price of half a minute of pings. */
const SETTLING = { ms: 60_000 };
const CELL = `CPU of ${CONNECTIONS} idle`;
const MICROSECONDS_PER_MS = 1000;

/** @type {import('./job.types.js').Job} */
export const heartbeat = {
  name: 'heartbeat',
  what: `${CONNECTIONS} connections for ${REST.ms / 1000} s, in which nobody says anything and each is pinged`,
  cells: [{ name: CELL, unit: '% of a core' }],
  sockets: CONNECTIONS,
  servers: ['roomgate'],
  async measure(turn) {
    turn.note(CELL);
    const trial = await turn.begin('HS256');
    await trial.crowd({ tokens: 'distinct', count: CONNECTIONS });
    await trial.do('open', OPENING);
    await trial.do('rest', SETTLING);
    const { value } = await trial.measure('rest', REST);
    turn.record(CELL, { value: (value / MICROSECONDS_PER_MS) * 100 });
    await trial.end();
  },
};

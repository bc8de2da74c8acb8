// A rolling restart: a node says goodbye, and its clients come to another one when they were told to.

const CONNECTIONS = 5000;
const OPENING = { inFlight: 64, limitMs: 60_000 };
const STEP_SERVER = 'roomgate-restart';
const PEAK = 'busiest second of the return';
const DRAIN = `drain of ${CONNECTIONS}`;

/** @type {import('./job.types.js').Job} */
export const restart = {
  name: 'restart',
  what: `${CONNECTIONS} clients of a node that is closed, each back at another node after its \`retryAfterMs\``,
  cells: [
    { name: PEAK, unit: '× the mean second' },
    { name: DRAIN, unit: 's' },
  ],
  sockets: 2 * CONNECTIONS,
  servers: ['roomgate'],
  async measure(turn) {
    turn.note(PEAK);
    const old = await turn.begin('ES256', STEP_SERVER);
    const other = await turn.begin('ES256');
    await old.crowd({ tokens: 'distinct', count: CONNECTIONS });
    await old.do('open', OPENING);
    const [returned, drainMs] = await Promise.all([
      old.do('comeBack', { port: other.port, limitMs: 60_000 }),
      old.step('close'),
    ]);
    turn.record(PEAK, { value: returned.busiestSecond / returned.meanSecond });
    turn.record(DRAIN, { value: drainMs / 1000 });
    await other.end();
    await old.end();
  },
};

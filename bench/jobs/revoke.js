// Revocation: what it costs the server to end one subject among many connections.

const CONNECTIONS = 10_000;
const OPENING = { inFlight: 64, limitMs: 60_000 };
const STEP_SERVER = 'roomgate-revoke';

const CELLS = [
  { step: 'token', name: `a token, ${CONNECTIONS} looked at` },
  { step: 'subject', name: `one subject of ${CONNECTIONS}` },
];

/** @type {import('./job.types.js').Job} */
export const revoke = {
  name: 'revoke',
  what: `${CONNECTIONS} connections of as many subjects; the mean of 50 revocations, without a warm-up`,
  cells: CELLS.map(({ name }) => ({ name, unit: 'ms' })),
  sockets: CONNECTIONS,
  servers: ['roomgate'],
  async measure(turn) {
    const trial = await turn.begin('HS256', STEP_SERVER);
    await trial.crowd({ tokens: 'distinct', count: CONNECTIONS });
    await trial.do('open', OPENING);
    for (const { step, name } of CELLS) {
      if (!turn.wants(name)) continue;
      turn.note(name);
      turn.record(name, { value: await trial.step(step) });
    }
    await trial.end();
  },
};

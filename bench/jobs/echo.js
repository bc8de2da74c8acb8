// Echo: the price of one message through the guard and the handler, and of its answer.

const CONNECTIONS = 50;
const WARM_UP_UNITS = 10_000;
const LIMITS = { softMs: 1500, limitMs: 30_000 };

const CELLS = [
  { bytes: 64, inFlight: 1, units: 30_000 },
  { bytes: 64, inFlight: 16, units: 60_000 },
  { bytes: 1024, inFlight: 1, units: 30_000 },
  { bytes: 1024, inFlight: 16, units: 60_000 },
].map((cell) => ({ ...cell, name: `${cell.bytes} B, ${cell.inFlight} in flight` }));

/** @type {import('./job.types.js').Job} */
export const echo = {
  name: 'echo',
  what: `${CONNECTIONS} connections, each sends a batch and the next when all of it is answered`,
  cells: CELLS.map(({ name }) => ({ name, unit: 'µs per echoed message' })),
  sockets: CONNECTIONS,
  async measure(turn) {
    const trial = await turn.begin('HS256');
    await trial.crowd({ tokens: 'distinct', count: CONNECTIONS });
    await trial.do('open', { inFlight: 10, limitMs: 10_000 });
    for (const { name, bytes, inFlight, units } of CELLS) {
      if (!turn.wants(name)) continue;
      turn.note(name);
      await trial.do('probeEcho', { bytes });
      await trial.do('echo', { bytes, inFlight, units: WARM_UP_UNITS, ...LIMITS });
      turn.record(name, await trial.measure('echo', { bytes, inFlight, units, ...LIMITS }));
    }
    await trial.end();
  },
};

// How long somebody on one node stays connected whom another node has disconnected.
import { quantile } from '../report/statistics.js';

const CONNECTIONS = 200;
const NODES = 3;
const OPENING = { inFlight: 16, limitMs: 30_000 };
const ALGORITHM = 'HS256';
const MEDIAN = 'median';
const P99 = 'p99';

/** @type {import('./job.types.js').Job} */
export const redisKick = {
  name: 'redis-kick',
  what: `${CONNECTIONS} clients of one of ${NODES} nodes, disconnected one by one by another one: from the call to the close frame`,
  cells: [
    { name: MEDIAN, unit: 'ms' },
    { name: P99, unit: 'ms' },
  ],
  sockets: CONNECTIONS,
  servers: ['roomgate'],
  program: 'redis-server',
  async measure(turn) {
    turn.note(P99);
    const options = { ...turn.optionsOf(ALGORITHM), client: 'ioredis' };
    const trial = await turn.beginNodes('roomgate-redis', { nodes: NODES, options });
    const [{ port: here }, { port: there }] = trial.started;
    const [kicker] = trial.nodes;
    for (const port of [here, there]) {
      await turn.load.ask('crowd', {
        port,
        dialect: 'path',
        algorithm: ALGORITHM,
        tokens: 'distinct',
        count: CONNECTIONS,
      });
      await turn.load.ask('open', OPENING);
      const closed = turn.load.ask('kicked', { limitMs: 30_000 });
      const begun = kicker.ask('step', { name: 'kick', options: { subjects: CONNECTIONS } });
      const [ends, begins] = await Promise.all([closed, begun]);
      // The first ones are the compilers'.
      if (port === here) continue;
      const sorted = begins
        .map((/** @type {number} */ begin, /** @type {number} */ n) => ends[n] - begin)
        .toSorted((/** @type {number} */ a, /** @type {number} */ b) => a - b);
      turn.record(MEDIAN, { value: quantile(sorted, 0.5) });
      turn.record(P99, { value: quantile(sorted, 0.99) });
    }
    await turn.load.ask('drop');
    await trial.end();
  },
};

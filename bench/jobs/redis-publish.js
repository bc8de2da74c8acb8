// What a publication costs that goes through Redis to every node, beside a bare PUBLISH to as many.

const ROOMS = 1_000;
const BYTES = 128;
const IN_FLIGHT = 200;
const PUBLICATIONS = 40_000;
const WARM_UP = 40_000;
const LOAD = { rooms: ROOMS, inFlight: IN_FLIGHT, bytes: BYTES };

const LAYOUTS = /** @type {const} */ (['ioredis', 'redis']).flatMap((client) =>
  [1, 2, 3].flatMap((nodes) =>
    [false, true].map((history) => ({
      client,
      nodes,
      history,
      name: nameOf(client, nodes, history),
    })),
  ),
);

/** @type {import('./job.types.js').Job} */
export const redisPublish = {
  name: 'redis-publish',
  what:
    `${PUBLICATIONS} publications of ${BYTES} B in ${ROOMS} rooms that all nodes listen to, ${IN_FLIGHT} in flight, all published by the first node; ` +
    'CPU of all nodes together, and with that of Redis',
  cells: LAYOUTS.flatMap(({ name }) => [
    { name, unit: 'µs per publication' },
    { name: withRedis(name), unit: 'µs per publication' },
  ]),
  sockets: 10,
  servers: ['roomgate', 'pubsub', 'pubsub-again'],
  control: 'pubsub',
  program: 'redis-server',
  async measure(turn) {
    const file = turn.server.startsWith('roomgate') ? 'redis-engine' : 'redis-pubsub';
    for (const { client, nodes, history, name } of LAYOUTS) {
      if (!turn.wants(name) && !turn.wants(withRedis(name))) continue;
      turn.note(name);
      const trial = await turn.beginNodes(file, { nodes, options: { client, history } });
      await trial.stepAll('listen', LOAD);
      await publish(trial, WARM_UP);
      const {
        nodes: spent,
        redis,
        seconds,
      } = await trial.measure(() => publish(trial, PUBLICATIONS));
      await trial.end();
      const [publisher, ...listeners] = spent;
      const parts = {
        publisher: micros([publisher]),
        listener: listeners.length ? micros(listeners) / listeners.length : 0,
        Redis: micros([redis]),
        'per second': PUBLICATIONS / seconds,
      };
      turn.record(name, { ...sampleOf(spent), parts });
      turn.record(withRedis(name), { ...sampleOf([...spent, redis]), parts });
    }
  },
};

/**
 * @param {import('../runner/redis-trial.js').RedisTrial} trial
 * @param {number} publications
 */
async function publish(trial, publications) {
  await trial.nodes[0].ask('step', { name: 'publish', options: { ...LOAD, publications } });
  await trial.stepAll('arrived', { publications });
}

/** @param {import('../runner/redis-trial.js').Cpu[]} spent */
function sampleOf(spent) {
  const sum = (/** @type {'user' | 'system'} */ part) =>
    spent.reduce((all, cpu) => all + cpu[part], 0) / PUBLICATIONS;
  const [user, system] = [sum('user'), sum('system')];
  return { value: user + system, user, system };
}

/** @param {import('../runner/redis-trial.js').Cpu[]} spent */
function micros(spent) {
  return sampleOf(spent).value;
}

/**
 * @param {string} client
 * @param {number} nodes
 * @param {boolean} history
 */
function nameOf(client, nodes, history) {
  return `${client}, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}, ${history ? 'history 100' : 'no history'}`;
}

/** @param {string} name */
function withRedis(name) {
  return `${name}, and Redis`;
}

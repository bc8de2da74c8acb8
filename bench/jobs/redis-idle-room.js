// What the rooms of one node cost another one that has nobody in them.

const LOAD = { rooms: 1_000, inFlight: 200, bytes: 128 };
const SECONDS = 5;
const PERCENT_PER_MICROS = 100 / 1e6;
const BUSY = 'CPU of a node while another one publishes';
const QUIET = 'CPU of a node while nobody does';
const UNIT = '% of a core';

/** @type {import('./job.types.js').Job} */
export const redisIdleRoom = {
  name: 'redis-idle-room',
  what: `${LOAD.rooms} rooms with members on one node only, which publishes for ${SECONDS} s as fast as it can; then nobody does for as long`,
  cells: [
    { name: BUSY, unit: UNIT },
    { name: QUIET, unit: UNIT },
  ],
  sockets: 10,
  servers: ['roomgate'],
  program: 'redis-server',
  async measure(turn) {
    const options = { client: 'ioredis' };
    const trial = await turn.beginNodes('redis-engine', { nodes: 2, options });
    const [publisher] = trial.nodes;
    const step = (/** @type {string} */ name, /** @type {object} */ chosen) =>
      publisher.ask('step', { name, options: chosen });
    await step('listen', LOAD);
    let published = 0;
    const busily = async () => {
      const end = performance.now() + SECONDS * 1000;
      for (; performance.now() < end; published += LOAD.rooms * 5)
        await step('publish', { ...LOAD, publications: LOAD.rooms * 5 });
    };
    const quietly = () => new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    // What is compiled in the first seconds is nobody's fault.
    await quietly();
    for (const [name, act] of /** @type {const} */ ([
      [QUIET, quietly],
      [BUSY, busily],
    ])) {
      turn.note(name);
      const { nodes, seconds } = await trial.measure(act);
      const [busyNode, idleNode] = nodes.map(
        ({ user, system }) => ((user + system) / seconds) * PERCENT_PER_MICROS,
      );
      const parts = { publisher: busyNode, 'per second': name === BUSY ? published / seconds : 0 };
      turn.record(name, { value: idleNode, parts });
    }
    await trial.end();
  },
};

// Rolling restarts: servers end one after the other while somebody speaks, and no member misses anything without a word.
import { setTimeout as sleep } from 'node:timers/promises';
import { Publisher } from './publisher.js';

const MEMBERS = 5000;
const ROOM_SIZE = 500;
const RESTARTS = 5;
const OPENING = { inFlight: 64, limitMs: 60_000 };
const SPEAK_EVERY_MS = 250;
/** Before a restart, and after the last one: everybody has what was said. */
const QUIET_MS = 2_000;
/** One of so many loses its connection before each restart. */
const CUT = { every: 10, limitMs: 30_000 };
/** Longer than `drainTimeoutMs`, and than clients may be told to wait. */
const RESTART_LIMIT_MS = 70_000;

/**
 * @param {object} cluster
 * @param {string} cluster.name
 * @param {string} cluster.file  of the servers
 * @param {number} cluster.nodes  servers that run at once, beside the one that comes in the place of another
 * @param {boolean} cluster.isShared  whether they share their rooms; with those that do not there can be only one
 * @returns {import('./soak.types.js').LongJob}
 */
export function rollingRestarts({ name, file, nodes: size, isShared }) {
  return {
    name,
    what: `${MEMBERS} members of ${size} server(s), each of which is replaced in turn, ${RESTARTS} times in all`,
    sockets: 2 * MEMBERS,
    async measure({ begin, short, note }) {
      const restarts = short ? 1 : RESTARTS;
      const publisher = new Publisher({ rooms: MEMBERS / ROOM_SIZE, isShared });
      const nodes = publisher.nodes;
      while (nodes.length < size) nodes.push(await begin(file));
      const [load] = nodes;
      await load.crowd({ tokens: 'distinct', count: MEMBERS, roomSize: ROOM_SIZE });
      await load.do('rollIn', { ports: portsOf(nodes), ...OPENING });
      const speaking = publisher.speak(SPEAK_EVERY_MS);
      // Told when it is waited for.
      speaking.catch(() => {});
      /** @type {number[]} */
      const peaks = [];
      let cut = 0;
      for (let restart = 0; restart < restarts; restart++) {
        await sleep(QUIET_MS);
        cut += (await load.do('rollCut', CUT)).units;
        await sleep(QUIET_MS);
        const { busiestSecond, meanSecond } = await replaceOldest(load, publisher, begin(file));
        peaks.push(busiestSecond / meanSecond);
        note(
          `restart ${restart + 1} of ${restarts}: ${busiestSecond} in the busiest second, ${Math.round(meanSecond)} in the mean`,
        );
      }
      await sleep(QUIET_MS);
      publisher.stop();
      await speaking;
      const { number: last } = publisher;
      const seen = await load.do('rollEnd', { last, limitMs: 10_000 });
      for (const node of nodes) await node.end();
      // Without shared rooms the new server has another count, which everybody is told; a lost connection has no such reason.
      const expected = isShared ? 0 : restarts * MEMBERS;
      return [
        { name: 'restarts', value: restarts, unit: '' },
        { name: 'busiest second to the mean', value: Math.max(...peaks), unit: '×', atMost: 3 },
        { name: 'connections lost beside', value: cut, unit: '' },
        { name: 'numbers published', value: last, unit: `in ${MEMBERS / ROOM_SIZE} rooms` },
        { name: 'received', value: seen.received, unit: '' },
        { name: 'missing, told by a gap', value: seen.told, unit: '' },
        { name: 'missing without a gap', value: seen.lost, unit: '', atMost: 0 },
        { name: 'duplicated', value: seen.duplicated, unit: '', atMost: 0 },
        { name: 'gaps', value: seen.gaps, unit: '', atMost: expected },
      ];
    },
  };
}

/**
 * @param {import('./soak.types.js').Trial} load  any of the servers: all have the same load generator
 * @param {Publisher} publisher
 * @param {Promise<import('./soak.types.js').Trial>} beginning
 * @returns {Promise<import('../load/seconds.js').Seconds>}  of those who came back
 */
async function replaceOldest(load, publisher, beginning) {
  const { nodes } = publisher;
  nodes.push(await beginning);
  const [leaving, ...staying] = nodes;
  publisher.leaving = leaving;
  const to = portsOf(staying);
  await load.do('rollTo', { from: leaving.port, to, limitMs: RESTART_LIMIT_MS });
  const [returned] = await Promise.all([load.do('rollBack'), leaving.terminate(RESTART_LIMIT_MS)]);
  nodes.shift();
  return returned;
}

/** @param {import('./soak.types.js').Trial[]} nodes */
const portsOf = (nodes) => nodes.map(({ port }) => port);

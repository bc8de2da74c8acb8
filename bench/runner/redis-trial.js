// One Redis and some nodes around it, started afresh. The first node has the server's core for itself, if there
// are two; Redis and the other nodes share the other one.
import { spawnServer } from './processes.js';
import { RedisServer } from './redis-server.js';

/** Subscriptions are confirmed, and what starting left behind has been collected, in this time. */
const SETTLE_MS = 100;

/** @typedef {{ user: number, system: number }} Cpu  µs */

export class RedisTrial {
  #redis;

  /**
   * @param {RedisServer} redis
   * @param {import('../ipc/ask.js').AskedProcess[]} nodes
   */
  constructor(redis, nodes) {
    this.#redis = redis;
    this.nodes = nodes;
    /** What each node said when it was started. @type {any[]} */
    this.started = [];
  }

  /**
   * @param {string} server
   * @param {string} file  in the servers' folder, without the suffix
   * @param {{ nodes: number, options: object }} choice  the nodes are told the options, and Redis's port
   * @param {import('./cores.js').Pinning} pinning
   */
  static async begin(server, file, { nodes: count, options }, pinning) {
    const redis = await RedisServer.start(pinning.load);
    const nodes = Array.from({ length: count }, (_, index) =>
      spawnServer(`${server} ${index + 1}`, file, {
        ...pinning,
        server: index === 0 ? pinning.server : pinning.load,
      }),
    );
    await Promise.all(nodes.map((node) => node.started()));
    const trial = new RedisTrial(redis, nodes);
    trial.started = await trial.askAll('start', { ...options, redisPort: redis.port });
    return trial;
  }

  /**
   * @param {string} question
   * @param {unknown} [argument]
   * @returns {Promise<any[]>}
   */
  askAll(question, argument) {
    return Promise.all(this.nodes.map((node) => node.ask(question, argument)));
  }

  /**
   * @param {string} name
   * @param {unknown} [options]
   */
  stepAll(name, options) {
    return this.askAll('step', { name, options });
  }

  /**
   * @param {() => Promise<unknown>} act
   * @returns {Promise<{ nodes: Cpu[], redis: Cpu, seconds: number }>}
   */
  async measure(act) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const before = await this.#clocks();
    const begun = performance.now();
    await act();
    const seconds = (performance.now() - begun) / 1000;
    const after = await this.#clocks();
    const nodes = after.nodes.map((cpu, index) => difference(cpu, before.nodes[index]));
    return { nodes, redis: difference(after.redis, before.redis), seconds };
  }

  async end() {
    await Promise.all(this.nodes.map((node) => node.end()));
    await this.#redis.end();
  }

  /** @returns {Promise<{ nodes: Cpu[], redis: Cpu }>} */
  async #clocks() {
    const [nodes, redis] = await Promise.all([this.askAll('cpu'), this.#redis.cpu()]);
    return { nodes, redis };
  }
}

/**
 * @param {Cpu} after
 * @param {Cpu} before
 * @returns {Cpu}
 */
function difference(after, before) {
  return { user: after.user - before.user, system: after.system - before.system };
}

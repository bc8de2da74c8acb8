// One server, started afresh for one job of one repetition, with the load generator pointed at it.
import { AUDIENCE, ISSUER } from '../tokens/mint.js';
import { SERVERS } from '../servers/index.js';
import { spawnServer } from './processes.js';

/** What is left of the phase before (closing sockets, timers of the kernel) ends in this time. */
const SETTLE_MS = 60;

/**
 * @typedef {object} Sample
 * @property {number} value  the figure, in the cell's unit
 * @property {number} [user]  of it
 * @property {number} [system]  of it
 * @property {number} [load]  CPU of the load generator, in the same unit
 * @property {number} [perSecond]  units per second of wall time
 * @property {Record<string, number>} [parts]  what else there is to say, a column each
 */

export class Trial {
  #server;
  #load;

  /**
   * @param {string} name
   * @param {import('../ipc/ask.js').AskedProcess} server
   * @param {import('../ipc/ask.js').AskedProcess} load
   * @param {number} port
   * @param {import('../tokens/keys.js').Algorithm} algorithm
   */
  constructor(name, server, load, port, algorithm) {
    this.name = name;
    this.algorithm = algorithm;
    this.#server = server;
    this.#load = load;
    this.port = port;
  }

  /**
   * @param {string} name
   * @param {import('./equipment.js').Equipment} equipment
   * @param {import('../tokens/keys.js').Algorithm} algorithm
   * @param {string} [file]  when not the server's usual one
   */
  static async begin(name, { load, keys, pinning }, algorithm, file = SERVERS[name].file) {
    const server = spawnServer(name, file, pinning);
    await server.started();
    const { port } = await server.ask('start', serverOptions(keys, algorithm), 30_000);
    return new Trial(name, server, load, port, algorithm);
  }

  /**
   * The same server, as another load generator meets it.
   *
   * @param {import('./equipment.js').Equipment} equipment
   */
  through({ load }) {
    return new Trial(this.name, this.#server, load, this.port, this.algorithm);
  }

  /** @param {Pick<import('../load/crowd.js').CrowdOptions, 'tokens' | 'count' | 'skip' | 'roomSize'>} crowd */
  async crowd(crowd) {
    const { dialect } = SERVERS[this.name];
    await this.#load.ask('crowd', {
      ...crowd,
      port: this.port,
      dialect,
      algorithm: this.algorithm,
    });
  }

  /**
   * @param {string} task
   * @param {unknown} [options]
   */
  do(task, options) {
    return this.#load.ask(task, options);
  }

  /**
   * Does a task with both processes' CPU clocks read at its borders. No collection is forced before:
   * it would shrink the engine's young space, and growing it again doubles the price of a handshake.
   *
   * @param {string} task
   * @param {unknown} options
   * @returns {Promise<Sample>} µs per unit
   */
  async measure(task, options) {
    await settled();
    const loadBefore = await this.#load.ask('cpu');
    const before = await this.#server.ask('cpu');
    const begun = performance.now();
    const { units } = await this.#load.ask(task, options);
    const wallMs = performance.now() - begun;
    const after = await this.#server.ask('cpu');
    const loadAfter = await this.#load.ask('cpu');
    const user = (after.user - before.user) / units;
    const system = (after.system - before.system) / units;
    const load = (total(loadAfter) - total(loadBefore)) / units;
    return { value: user + system, user, system, load, perSecond: (units * 1000) / wallMs };
  }

  /**
   * The same with an eye on the event loop, which costs a little and so is not always open.
   *
   * @param {string} task
   * @param {unknown} options
   * @returns {Promise<Sample & { lagMs: number }>} µs per unit, and the longest time nobody was heard
   */
  async measureWithLag(task, options) {
    const { result, lagMs } = await this.withLag(() => this.measure(task, options));
    return { ...result, lagMs };
  }

  /**
   * @template T
   * @param {() => Promise<T>} act
   * @returns {Promise<{ result: T, lagMs: number }>}  the longest time that the server heard nobody meanwhile
   */
  async withLag(act) {
    await this.#server.ask('lagStart');
    const result = await act();
    return { result, lagMs: await this.#server.ask('lagStop') };
  }

  /** @returns {Promise<{ rss: number, heapUsed: number }>} bytes, after a forced collection */
  memory() {
    return this.#server.ask('memory');
  }

  /**
   * @param {string} name
   * @param {unknown} [options]
   * @returns {Promise<any>} µs, or what the step says
   */
  step(name, options) {
    return this.#server.ask('step', { name, options });
  }

  /** @returns {Promise<number>} bytes, as they are */
  rss() {
    return this.#server.ask('rss');
  }

  /**
   * @param {number} ms
   * @returns {Promise<number>} of one core, that the server took in this time
   */
  async cpuShare(ms) {
    const begun = performance.now();
    const before = await this.#server.ask('cpu');
    await new Promise((resolve) => setTimeout(resolve, ms));
    const after = await this.#server.ask('cpu');
    return (total(after) - total(before)) / 1000 / (performance.now() - begun);
  }

  async end() {
    await this.#load.ask('drop');
    await this.#server.end();
  }

  /**
   * Ends the server alone, which takes its leave of its clients first.
   *
   * @param {number} limitMs
   */
  async terminate(limitMs) {
    await this.#server.end(limitMs);
  }
}

/**
 * @param {import('./equipment.js').Equipment['keys']} keys
 * @param {import('../tokens/keys.js').Algorithm} algorithm
 * @returns {import('../servers/server.types.js').ServerOptions}
 */
export function serverOptions(keys, algorithm) {
  return { algorithm, verifyKey: keys[algorithm].verify, issuer: ISSUER, audience: AUDIENCE };
}

function settled() {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** @param {{ user: number, system: number }} cpu */
function total(cpu) {
  return cpu.user + cpu.system;
}

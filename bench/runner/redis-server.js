// A Redis of our own: on a free port of the loopback interface, without a file, gone when the job is done.
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChild, watchChild } from '../ipc/children.js';

export const REDIS_SERVER = 'redis-server';
const HOST = '127.0.0.1';
const START_ATTEMPTS = 100;
const ATTEMPT_MS = 50;
const NOTHING_KEPT = ['--save', '', '--appendonly', 'no'];

export class RedisServer {
  #child;

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {number} port
   */
  constructor(child, port) {
    this.#child = child;
    this.port = port;
  }

  /** @param {string[]} pinning  put before the command */
  static async start(pinning) {
    const port = await freePort();
    const address = ['--port', String(port), '--bind', HOST];
    const [command, ...args] = [...pinning, REDIS_SERVER, ...address, ...NOTHING_KEPT];
    const child = spawn(command, args, { stdio: 'ignore' });
    watchChild(child);
    const redis = new RedisServer(child, port);
    for (let attempt = 1; ; attempt++) {
      try {
        await redis.cpu();
        return redis;
      } catch (error) {
        if (attempt === START_ATTEMPTS)
          throw new Error('redis-server did not start', { cause: error });
        await sleep(ATTEMPT_MS);
      }
    }
  }

  /** @returns {Promise<NodeJS.CpuUsage>} µs, as it counts itself */
  async cpu() {
    const info = await ask(this.port, 'INFO cpu\r\n');
    return { user: microsIn(info, 'used_cpu_user'), system: microsIn(info, 'used_cpu_sys') };
  }

  end() {
    return endChild(this.#child);
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/**
 * @param {number} port
 * @param {string} command
 * @returns {Promise<string>} the first piece of the answer, which is all of it
 */
function ask(port, command) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, HOST, () => socket.write(command));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(answer.toString());
    });
  });
}

/**
 * @param {string} info
 * @param {string} field
 */
function microsIn(info, field) {
  const found = info.match(new RegExp(`^${field}:([\\d.]+)`, 'm'));
  if (!found) throw new Error(`Redis did not tell its ${field}`);
  return Number(found[1]) * 1e6;
}

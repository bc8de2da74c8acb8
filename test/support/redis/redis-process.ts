import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { eventually } from '../poll.js';
import type { OrphanGuard } from './orphan-guard.js';
import '../process-budget.js';

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5_000;

/** One life of a redis-server, from its start to its end. */
export class RedisProcess {
  /** The log of the server. */
  output = '';
  isPaused = false;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(args: readonly string[], folder: string, guard: OrphanGuard) {
    this.#child = spawn('redis-server', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk) => (this.output += String(chunk)));
    this.#ended = once(this.#child, 'exit');
    guard.watch(this.#child.pid);
    this.#child.once('exit', () => guard.watch());
  }

  /**
   * Resolves when it accepts connections.
   * @throws {Error} with its log, when it ends instead: as a rule because the port is taken
   */
  static async start(
    args: readonly string[],
    folder: string,
    guard: OrphanGuard,
  ): Promise<RedisProcess> {
    const server = new RedisProcess(args, folder, guard);
    const isReady = (): boolean => server.output.includes('Ready to accept connections');
    try {
      await Promise.race([
        eventually(() => isReady() || !server.isAlive, 'redis-server to start', START_LIMIT_MS),
        server.#ended,
      ]);
    } catch (error) {
      await server.kill();
      throw error;
    }
    if (!isReady() || !server.isAlive)
      throw new Error(`redis-server did not start:\n${server.output}`);
    return server;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks it to end, and makes it when it takes too long. */
  async end(): Promise<void> {
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    await this.#ended;
    clearTimeout(impatience);
  }

  /** Resolves when every thread of it has stopped. */
  async pause(): Promise<void> {
    this.isPaused = true;
    this.#child.kill('SIGSTOP');
    await eventually(
      async () => (await this.#state()) === 'T',
      'redis-server to stop in its tracks',
    );
  }

  resume(): void {
    this.isPaused = false;
    this.#child.kill('SIGCONT');
  }

  /** The letter that the kernel gives it: R, S, T, … */
  async #state(): Promise<string | undefined> {
    const line = await readFile(`/proc/${this.pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2)[0];
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Sentence } from '../support/sentence.js';

const PROGRAM = fileURLToPath(new URL('./node.js', import.meta.url));

/** A node in a process of its own. */
export class ClusterNode {
  /** Resolves when the process is gone. */
  readonly ended: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    this.ended = child.exitCode === null ? once(child, 'exit') : Promise.resolve();
  }

  /** Begins to start it. */
  static start(port: number, redisPort: number, balancerPort: number): ClusterNode {
    const ports = { PORT: port, REDIS_PORT: redisPort, BALANCER_PORT: balancerPort };
    const env = Object.entries(ports).map(([name, value]) => [name, String(value)]);
    const child = fork(PROGRAM, { env: { ...process.env, ...Object.fromEntries(env) } });
    return new ClusterNode(child, port);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when it serves. */
  async ready(): Promise<void> {
    const ended = this.ended.then(() => {
      throw new Sentence('A node did not start; what it said stands above.');
    });
    await Promise.race([once(this.child, 'message'), ended]);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended;
  }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Sentence } from '../support/sentence.js';
import { HOST } from '../support/development.js';

/** Tells the id of the process, and ends it when the pipe of who wanted it ends, in whatever way: even a paused one. */
const SCRIPT = 'redis-server "$@" >/dev/null & echo $!; read -r _; kill -KILL $!; wait';

/** A Redis of our own, which keeps nothing on disk. It may take a moment until it answers. */
export class RedisServer {
  private constructor(
    private readonly shell: ChildProcess,
    readonly pid: number,
  ) {}

  static async start(port: number): Promise<RedisServer> {
    if (spawnSync('redis-server', ['--version']).error)
      throw new Sentence(
        'This example needs `redis-server`, 7.0 or later (on Debian: apt-get install redis-server).',
      );
    const args = ['--port', String(port), '--bind', HOST, '--save', '', '--appendonly', 'no'];
    // A group of its own: Ctrl-C is for the nodes, which are done with Redis last.
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'redis', ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    const [pid] = (await once(shell.stdout, 'data')) as [Buffer];
    return new RedisServer(shell, Number(pid));
  }

  async stop(): Promise<void> {
    const ended = once(this.shell, 'exit');
    this.shell.stdin?.end();
    await ended;
  }
}

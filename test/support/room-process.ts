import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import './process-budget.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface ProcessState {
  /** Sockets that its HTTP server has. */
  readonly sockets: number;
  readonly connections: number;
  readonly rooms: number;
}

/** A room server in a process of its own, which an uncaught exception would end. */
export class RoomProcess {
  /** Everything it wrote to stdout and stderr. */
  output = '';
  port = 0;

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => (this.output += String(chunk)));
  }

  static async start(): Promise<RoomProcess> {
    const child = fork(here('./child/room-server.ts'), {
      execArgv: ['--import', here('./child/register.mjs'), '--disable-warning=ExperimentalWarning'],
      env: { PATH: process.env.PATH, NODE_ENV: 'test', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const server = new RoomProcess(child);
    server.port = (await server.#message<{ port: number }>()).port;
    return server;
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async mint(request: object): Promise<string> {
    return (await this.#ask<{ token: string }>({ mint: request })).token;
  }

  /** Has it refuse newcomers from here on. */
  async drain(): Promise<void> {
    await this.#ask({ drain: true });
  }

  state(): Promise<ProcessState> {
    return this.#ask<ProcessState>({ state: true });
  }

  /** Shuts the app down and resolves with the exit code of the process. */
  async stop(): Promise<number | null> {
    if (this.isAlive) {
      const exited = once(this.child, 'exit');
      this.child.send({ close: true });
      await exited;
    }
    return this.child.exitCode;
  }

  /** What an orchestrator does first; resolves with the signal that the process ended of. */
  async terminate(): Promise<NodeJS.Signals | null> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
    return this.child.signalCode;
  }

  #ask<T>(request: object): Promise<T> {
    this.child.send(request);
    return this.#message<T>();
  }

  #message<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error(`The server process died:\n${this.output}`));
      this.child.once('exit', onExit);
      this.child.once('message', (message) => {
        this.child.off('exit', onExit);
        resolve(message as T);
      });
    });
  }
}

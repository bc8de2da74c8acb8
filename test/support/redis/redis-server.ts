import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from '../poll.js';
import { TempFiles } from '../temp-files.js';
import { freePort } from './free-port.js';
import { RedisProcess } from './redis-process.js';

const HOST = '127.0.0.1';
const START_ATTEMPTS = 5;
const COMMAND_LIMIT_MS = 5_000;

export interface RedisServerOptions {
  /** Whether what was answered survives `kill` (append-only file). @default false: it is gone with the process */
  readonly persistent?: boolean;
  /** The port of the master that it follows, or of a proxy in front of it. */
  readonly replicaOf?: number;
  /** Further directives of redis.conf, e.g. `{ 'maxmemory': '10mb' }`. */
  readonly config?: Readonly<Record<string, string | number>>;
}

/** A redis-server of our own on 127.0.0.1, which can be killed, paused, and started again on the same port. */
export class RedisServer {
  readonly #files = new TempFiles();
  #process!: RedisProcess;
  #client: Redis | undefined;

  private constructor(
    private readonly options: RedisServerOptions,
    public port: number,
  ) {}

  /** Resolves when PING is answered. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(options, await freePort());
    for (let attempt = 1; ; attempt++) {
      try {
        await server.#run();
        return server;
      } catch (error) {
        if (attempt === START_ATTEMPTS) {
          await server.stop();
          throw error;
        }
        server.port = await freePort();
      }
    }
  }

  get isAlive(): boolean {
    return this.#process?.isAlive ?? false;
  }

  /** Whether it lives and is not paused. */
  get isAwake(): boolean {
    return this.isAlive && !this.#process.isPaused;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get folder(): string {
    return this.#files.folder;
  }

  /** The log of the present life. */
  get log(): string {
    return this.#process.output;
  }

  /**
   * Over a connection of the harness's own, named `harness` in CLIENT LIST.
   * @throws {Error} when Redis says so, cannot be reached, or does not answer within 5 s; the command is never repeated
   */
  async command<T = unknown>(...args: readonly (string | number)[]): Promise<T> {
    const [name, ...rest] = args as [string, ...string[]];
    return (await this.#connection().call(name, ...rest)) as T;
  }

  /** The fields of one section of INFO. */
  async info(section: string): Promise<Readonly<Record<string, string>>> {
    const text = await this.command<string>('INFO', section);
    const lines = text.split('\r\n').filter((line) => line.includes(':'));
    return Object.fromEntries(lines.map((line) => line.split(/:(.*)/s).slice(0, 2)));
  }

  /** Resolves when INFO says so; what cannot be reached says nothing. */
  async waitFor(
    section: string,
    says: (info: Readonly<Record<string, string>>) => boolean,
    what: string,
  ): Promise<void> {
    const isTrue = (): Promise<boolean> => this.info(section).then(says, () => false);
    await eventually(isTrue, `${what} on port ${this.port}`, 10_000);
  }

  /** Resolves when this replica has everything that its master has. */
  async waitForSync(master: RedisServer): Promise<void> {
    await eventually(
      async () => {
        const [its, ours] = await Promise.all([
          master.info('replication'),
          this.info('replication'),
        ]);
        return (
          ours.master_link_status === 'up' && its.master_repl_offset === ours.slave_repl_offset
        );
      },
      `the replica on port ${this.port} to catch up`,
      10_000,
    );
  }

  /** Makes a master of a replica. What had not reached it is lost. */
  async promote(): Promise<void> {
    await this.command('REPLICAOF', 'NO', 'ONE');
  }

  /** Makes it a replica of the master behind that port. */
  async follow(port: number): Promise<void> {
    await this.command('REPLICAOF', HOST, port);
  }

  /** Without a word, and at once, as a machine dies; what listens on the port afterwards refuses. */
  async kill(): Promise<void> {
    await this.#process.kill();
    this.#disconnect();
  }

  /** It keeps its connections, and what is sent to it waits in the kernel. */
  async pause(): Promise<void> {
    await this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  /**
   * Kills it if it lives, and starts it on the same port.
   * @param options.keepData false empties it, as if its disk were new; a node of a cluster stays the node that it was
   */
  async restart({ keepData }: { readonly keepData: boolean }): Promise<void> {
    await this.kill();
    if (!keepData)
      for (const name of readdirSync(this.folder).filter((it) => it !== 'nodes.conf'))
        rmSync(join(this.folder, name), { recursive: true });
    await this.#run();
  }

  /** Ends it, if it still lives, and removes what it wrote. */
  async stop(): Promise<void> {
    this.#disconnect();
    if (this.isAlive) await this.#process.end();
    this.#files.remove();
  }

  async #run(): Promise<void> {
    this.#process = await RedisProcess.start(this.#args(), this.folder);
    await this.command('PING');
  }

  #args(): string[] {
    const { persistent = false, replicaOf, config } = this.options;
    const directives = {
      bind: HOST,
      port: this.port,
      save: '',
      appendonly: persistent ? 'yes' : 'no',
      // Written before the answer, which is enough to outlive the process.
      appendfsync: 'no',
      'repl-diskless-sync-delay': 0,
      // A server that is asked to end does not wait for its replicas.
      'shutdown-timeout': 0,
      ...(replicaOf === undefined ? {} : { replicaof: `${HOST} ${replicaOf}` }),
      ...config,
    };
    return Object.entries(directives).flatMap(([name, value]) => [`--${name}`, String(value)]);
  }

  #connection(): Redis {
    if (this.#client) return this.#client;
    const client = new Redis(this.port, HOST, {
      connectionName: 'harness',
      commandTimeout: COMMAND_LIMIT_MS,
      retryStrategy: null,
      autoResendUnfulfilledCommands: false,
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
    });
    client.on('error', () => undefined);
    client.once('end', () => {
      if (this.#client === client) this.#client = undefined;
    });
    this.#client = client;
    return client;
  }

  #disconnect(): void {
    this.#client?.disconnect();
    this.#client = undefined;
  }
}

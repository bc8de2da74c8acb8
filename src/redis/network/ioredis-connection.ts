import {
  type AddressMap,
  type ConnectionEvents,
  mapped,
  type RedisAddress,
  type RedisArgument,
  type RedisConnection,
  type RedisDialer,
  type RedisReply,
  repeats,
} from './connection.js';

/** What is used of a client of `ioredis` 5 or 6. */
export interface IoredisLike {
  readonly status: string;
  readonly options: object;
  readonly stream?: { cork(): void; uncork(): void };
  duplicate(options: object): IoredisLike;
  connect(): Promise<void>;
  disconnect(): void;
  on(event: string, listener: (...args: never[]) => void): unknown;
  callBuffer(command: string, ...args: RedisArgument[]): Promise<unknown>;
}

/** What is used of a cluster client of `ioredis`. */
export interface IoredisClusterLike {
  readonly isCluster: boolean;
  nodes(role: 'master'): readonly IoredisLike[];
}

/** Ours alone: nothing waits for a connection, nothing is sent twice, and who reconnects is the link. */
const OVERRIDES = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableAutoPipelining: false,
  enableReadyCheck: false,
  maxRetriesPerRequest: 0,
  // Not only its own half: who is silent would keep what was asked waiting, and do it behind what is asked of the next one.
  disconnectTimeout: 0,
  retryStrategy: (): null => null,
  reconnectOnError: null,
  commandTimeout: undefined,
  readOnly: false,
  keyPrefix: '',
  protocol: 2,
  replyMapping: undefined,
  stringNumbers: false,
};

export class IoredisDialer implements RedisDialer {
  readonly isCluster: boolean;
  #template: IoredisLike | undefined;

  constructor(
    private readonly client: IoredisLike | IoredisClusterLike,
    private readonly connectTimeout: number,
  ) {
    this.isCluster = isIoredisCluster(client);
    if (!isIoredisCluster(client)) this.#duplicate(client);
  }

  seeds(): readonly RedisAddress[] {
    if (!isIoredisCluster(this.client)) return [];
    return this.client.nodes('master').map(({ options }) => {
      const { host, port } = options as RedisAddress;
      return { host, port };
    });
  }

  reachedAt(address: RedisAddress): RedisAddress {
    const { options } = this.client as { readonly options?: { readonly natMap?: AddressMap } };
    return mapped(options?.natMap, address);
  }

  async dial(
    events: ConnectionEvents,
    signal: AbortSignal,
    address?: RedisAddress,
  ): Promise<RedisConnection> {
    const template = (this.#template ??= isIoredisCluster(this.client)
      ? this.client.nodes('master')[0]
      : this.client);
    if (!template) throw new Error('The cluster client knows no node yet.');
    const client = this.#duplicate(template, address);
    keepErrorListener(client);
    const connection = new IoredisConnection(client, events, this.isCluster ? 's' : '');
    signal.addEventListener('abort', () => client.disconnect(), { once: true });
    await client.connect();
    await connection.select(client.options as { readonly db?: number });
    signal.throwIfAborted();
    return connection;
  }

  #duplicate(template: IoredisLike, address?: RedisAddress): IoredisLike {
    const { connectTimeout } = this;
    const client = template.duplicate({ ...OVERRIDES, ...address, connectTimeout });
    const { enableOfflineQueue, autoResendUnfulfilledCommands } =
      client.options as typeof OVERRIDES;
    if (enableOfflineQueue || autoResendUnfulfilledCommands) throw repeats();
    return client;
  }
}

export function isIoredisCluster(client: object): client is IoredisClusterLike {
  return 'isCluster' in client && client.isCluster === true && 'nodes' in client;
}

interface Connector {
  connect(...args: unknown[]): Promise<{ on(event: 'error', listener: () => void): unknown }>;
}

/**
 * Gives every stream of the client an error listener that stays. The client removes its own with the first error, and a TLS
 * stream that is torn down during its handshake reports a second one, which would end the process.
 */
function keepErrorListener(client: object): void {
  // Private in its types.
  const { connector: opener } = client as { readonly connector?: Connector };
  if (!opener) return;
  const connect = opener.connect.bind(opener);
  opener.connect = async (...args) => {
    const stream = await connect(...args);
    stream.on('error', () => undefined);
    return stream;
  };
}

class IoredisConnection implements RedisConnection {
  #isCorked = false;

  constructor(
    private readonly client: IoredisLike,
    events: ConnectionEvents,
    /** What stands before the names of the commands of sharded channels. */
    private readonly sharded: 's' | '',
  ) {
    const message = (channel: Buffer, body: Buffer): void =>
      events.message(channel.toString('latin1'), body);
    client.on('messageBuffer', message);
    client.on('smessageBuffer', message);
    // Without a listener it would be printed.
    let cause: unknown;
    client.on('error', (error) => (cause = error));
    client.on('close', () => events.closed(cause));
  }

  call(command: string, args: readonly RedisArgument[]): Promise<RedisReply> {
    this.#cork();
    return this.client.callBuffer(command, ...args) as Promise<RedisReply>;
  }

  /** The client ignores a refusal of its own `SELECT`, and would write into database 0. */
  async select({ db }: { readonly db?: number }): Promise<void> {
    if (db) await this.call('SELECT', [String(db)]);
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    await this.call(`${this.sharded}subscribe`, channels);
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    await this.call(`${this.sharded}unsubscribe`, channels);
  }

  async ping(): Promise<void> {
    await this.call('PING', []);
  }

  close(): void {
    this.client.disconnect();
  }

  /** What is called in one turn is one write: the client would write each call by itself. */
  #cork(): void {
    const { stream } = this.client;
    if (this.#isCorked || !stream) return;
    this.#isCorked = true;
    stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }
}

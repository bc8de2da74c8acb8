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

type Listener = (body: Buffer, channel: Buffer) => void;

/** What is used of a client of `redis` (node-redis) 5 or 6. */
export interface NodeRedisLike {
  readonly options: { readonly socket?: object; readonly disableOfflineQueue?: boolean };
  readonly isOpen: boolean;
  duplicate(options: object): NodeRedisLike;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: string, listener: () => void): unknown;
  sendCommand(args: readonly RedisArgument[], options?: object): Promise<unknown>;
  subscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown>;
  sSubscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown>;
  unsubscribe(channels: string[]): Promise<unknown>;
  sUnsubscribe(channels: string[]): Promise<unknown>;
  ping(): Promise<unknown>;
}

interface ClusterNode {
  readonly host: string;
  readonly port: number;
}

/** What is used of a cluster client of `redis`. */
export interface NodeRedisClusterLike {
  readonly masters: readonly ClusterNode[];
  nodeClient(node: ClusterNode): NodeRedisLike | Promise<NodeRedisLike>;
}

/** Bulk strings ($) come as bytes. */
const AS_BYTES = { typeMapping: { 36: Buffer } };

/** Ours alone: nothing waits for a connection, nothing is sent twice, and who reconnects is the link. */
const OVERRIDES = {
  RESP: 2,
  maintNotifications: 'disabled',
  clientSideCache: undefined,
  emitInvalidate: undefined,
  disableOfflineQueue: true,
  commandsQueueMaxLength: undefined,
  // Who does not answer is the session's matter: the client would arm a signal for each call.
  commandOptions: { timeout: undefined },
  keyPrefix: undefined,
  readonly: false,
};

export class NodeRedisDialer implements RedisDialer {
  readonly isCluster: boolean;
  #template: NodeRedisLike | undefined;

  constructor(
    private readonly client: NodeRedisLike | NodeRedisClusterLike,
    private readonly connectTimeoutMs: number,
  ) {
    this.isCluster = isNodeRedisCluster(client);
    if (!isNodeRedisCluster(client)) this.#duplicate(client);
  }

  seeds(): readonly RedisAddress[] {
    return isNodeRedisCluster(this.client)
      ? this.client.masters.map(({ host, port }) => ({ host, port }))
      : [];
  }

  reachedAt(address: RedisAddress): RedisAddress {
    // Private in its types.
    const { _options: options } = this.client as {
      readonly _options?: { readonly nodeAddressMap?: AddressMap };
    };
    return mapped(options?.nodeAddressMap, address);
  }

  async dial(
    events: ConnectionEvents,
    signal: AbortSignal,
    address?: RedisAddress,
  ): Promise<RedisConnection> {
    const template = (this.#template ??= await this.#source());
    signal.throwIfAborted();
    const client = this.#duplicate(template, address);
    const connection = new NodeRedisConnection(client, events, this.isCluster);
    // Destroyed before its socket is connected, the client would connect it all the same, and forget it.
    let isConnected = false;
    client.on('connect', () => {
      isConnected = true;
      if (signal.aborted) connection.close();
    });
    signal.addEventListener('abort', () => isConnected && connection.close(), { once: true });
    await client.connect();
    signal.throwIfAborted();
    return connection;
  }

  #duplicate(template: NodeRedisLike, address?: RedisAddress): NodeRedisLike {
    const { connectTimeoutMs: connectTimeout } = this;
    const socket = { ...template.options.socket, ...address, connectTimeout };
    const client = template.duplicate({
      ...OVERRIDES,
      socket: { ...socket, reconnectStrategy: false },
    });
    if (!client.options.disableOfflineQueue) throw repeats();
    return client;
  }

  #source(): NodeRedisLike | Promise<NodeRedisLike> {
    if (!isNodeRedisCluster(this.client)) return this.client;
    const { client } = this;
    if (client.masters.length === 0) throw new Error('The cluster client knows no node yet.');
    // Any of them will do: the client waits for one that is gone.
    return Promise.any(client.masters.map(async (master) => client.nodeClient(master)));
  }
}

export function isNodeRedisCluster(client: object): client is NodeRedisClusterLike {
  return 'nodeClient' in client && 'masters' in client;
}

class NodeRedisConnection implements RedisConnection {
  readonly #listener: Listener;

  constructor(
    private readonly client: NodeRedisLike,
    events: ConnectionEvents,
    private readonly isSharded: boolean,
  ) {
    this.#listener = (body, channel) => events.message(channel.toString('latin1'), body);
    let isClosed = false;
    const closed = (cause?: unknown): void => {
      if (!isClosed) events.closed(cause);
      isClosed = true;
    };
    // It does not reconnect, so an error is its end.
    client.on('error', closed);
    client.on('end', closed);
  }

  call(command: string, args: readonly RedisArgument[]): Promise<RedisReply> {
    return this.client.sendCommand([command, ...args], AS_BYTES) as Promise<RedisReply>;
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    if (this.isSharded) await this.client.sSubscribe([...channels], this.#listener, true);
    else await this.client.subscribe([...channels], this.#listener, true);
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    if (this.isSharded) await this.client.sUnsubscribe([...channels]);
    else await this.client.unsubscribe([...channels]);
  }

  async ping(): Promise<void> {
    await this.client.ping();
  }

  close(): void {
    if (this.client.isOpen) this.client.destroy();
  }
}

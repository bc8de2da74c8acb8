import { once } from 'node:events';
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';

const HOST = '127.0.0.1';
const ignored = (): void => undefined;

/** A client as an application makes it, with the options that it has by itself. */
export interface AppClient<Client = unknown> {
  readonly client: Client;
  /** Resolves when it is connected; it tries for as long as it takes. */
  readonly ready: Promise<unknown>;
  /** At once, whatever it is doing. */
  close(): void;
}

export interface ClientKind<Single = unknown, Clustered = unknown> {
  readonly name: string;
  /** Of one server, or of a proxy. */
  single(port: number): AppClient<Single>;
  /** Of the cluster that these nodes belong to. */
  cluster(ports: readonly number[]): AppClient<Clustered>;
}

type NodeRedis = ReturnType<typeof createClient>;
type NodeRedisCluster = ReturnType<typeof createCluster>;

function ofIoredis<Client extends Redis | Cluster>(client: Client): AppClient<Client> {
  client.on('error', ignored);
  return { client, ready: once(client, 'ready'), close: () => client.disconnect() };
}

function ofNodeRedis<Client extends NodeRedis | NodeRedisCluster>(
  client: Client,
): AppClient<Client> {
  client.on('error', ignored);
  const ready = client.connect();
  ready.catch(ignored);
  return { client, ready, close: () => client.destroy() };
}

export const IOREDIS: ClientKind<Redis, Cluster> = {
  name: 'ioredis',
  single: (port) => ofIoredis(new Redis(port, HOST)),
  cluster: (ports) => ofIoredis(new Cluster(ports.map((port) => ({ host: HOST, port })))),
};

export const NODE_REDIS: ClientKind<NodeRedis, NodeRedisCluster> = {
  name: 'redis',
  single: (port) => ofNodeRedis(createClient({ url: `redis://${HOST}:${port}` })),
  cluster: (ports) =>
    ofNodeRedis(
      createCluster({ rootNodes: ports.map((port) => ({ url: `redis://${HOST}:${port}` })) }),
    ),
};

/** For `describe.each`. */
export const CLIENTS = [IOREDIS, NODE_REDIS] as const;

import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';

const HOST = '127.0.0.1';
const urlOf = (port: number): string => `redis://${HOST}:${port}`;
const ignored = (): void => undefined;

/** A client as an application makes it, with the options that it has by itself. */
export interface AppClient<Client = unknown> {
  readonly client: Client;
  /** Resolves when it is connected; it tries for as long as it takes. */
  readonly ready: Promise<unknown>;
  /** Sends a command; a cluster finds its node by the first argument. */
  command(name: string, ...args: readonly string[]): Promise<unknown>;
  /** At once, whatever it is doing. */
  close(): void;
}

export interface ClientKind {
  readonly name: string;
  /** Of one server, or of a proxy. */
  readonly single: (port: number) => AppClient;
  /** Of the cluster that these nodes belong to. */
  readonly cluster: (ports: readonly number[]) => AppClient;
}

interface NodeRedis {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  destroy(): void;
}

function ofIoredis<Client extends Redis | Cluster>(client: Client): AppClient<Client> {
  client.on('error', ignored);
  return {
    client,
    ready: new Promise((resolve) => client.once('ready', () => resolve(undefined))),
    command: (name, ...args) => client.call(name, ...args),
    close: () => client.disconnect(),
  };
}

function ofNodeRedis<Client extends NodeRedis>(
  client: Client,
  command: AppClient['command'],
): AppClient<Client> {
  client.on('error', ignored);
  const ready = client.connect();
  ready.catch(ignored);
  return { client, ready, command, close: () => client.destroy() };
}

export const IOREDIS = {
  name: 'ioredis',
  single: (port: number) => ofIoredis(new Redis(port, HOST)),
  cluster: (ports: readonly number[]) =>
    ofIoredis(new Cluster(ports.map((port) => ({ host: HOST, port })))),
} satisfies ClientKind;

export const NODE_REDIS = {
  name: 'redis',
  single(port: number) {
    const client = createClient({ url: urlOf(port) });
    return ofNodeRedis(client, (...args) => client.sendCommand(args));
  },
  cluster(ports: readonly number[]) {
    const client = createCluster({ rootNodes: ports.map((port) => ({ url: urlOf(port) })) });
    return ofNodeRedis(client, (...args) => client.sendCommand(args[1], false, args));
  },
} satisfies ClientKind;

/** For `describe.each`. */
export const CLIENTS: readonly ClientKind[] = [IOREDIS, NODE_REDIS];

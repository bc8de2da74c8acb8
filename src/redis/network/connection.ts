import { RoomgateError } from '../../core/errors.js';

/** What Redis answers: bulk strings as bytes, integers as numbers. */
export type RedisReply = Buffer | number | string | null | readonly RedisReply[];

export type RedisArgument = string | Buffer;

/** What a connection tells of while it lives. */
export interface ConnectionEvents {
  message(channel: string, body: Buffer): void;
  /** Told once, with why if that is known; nothing else is told after it. */
  closed(cause?: unknown): void;
}

/** One TCP connection to one Redis process, from its handshake to its end: it never reconnects, queues or sends anything twice. */
export interface RedisConnection {
  /** Rejects with the error that Redis answers, or when the connection ends before the answer: then the outcome is unknown. */
  call(command: string, args: readonly RedisArgument[]): Promise<RedisReply>;
  /** Resolves when Redis has confirmed it; a connection that has subscribed to anything answers only these and `ping`. */
  subscribe(channels: readonly string[]): Promise<void>;
  unsubscribe(channels: readonly string[]): Promise<void>;
  /** What was published before it was sent has been told when it resolves. */
  ping(): Promise<void>;
  close(): void;
}

/** One process of Redis. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Opens connections the way the application's own client does: its address, credentials, TLS. */
export interface RedisDialer {
  /** Whether the client is one of Redis Cluster. */
  readonly isCluster: boolean;
  /** Processes to begin with; a cluster is asked for the others. */
  seeds(): readonly RedisAddress[];
  /** Where the client reaches a process that announces this address: behind NAT, clients have a map. Absent: there. */
  reachedAt?(announced: RedisAddress): RedisAddress;
  /** Without an address: where the client connects to. The signal gives up an attempt that takes too long. */
  dial(
    events: ConnectionEvents,
    signal: AbortSignal,
    address?: RedisAddress,
  ): Promise<RedisConnection>;
}

/** A publication that was refused to its caller must not be sent all the same. */
export function repeats(): RoomgateError {
  return new RoomgateError(
    'unsafe_options',
    'The copy that "client.duplicate()" makes queues commands while it is offline, or sends them again, although it was told not to.',
  );
}

/** `natMap` of `ioredis`, `nodeAddressMap` of `redis`: from the `host:port` that a cluster announces to where it is reached. */
export type AddressMap =
  | Readonly<Record<string, RedisAddress>>
  | ((announced: string) => RedisAddress | null | undefined)
  | null;

/** Where a node of a cluster is reached; the announced address itself where the map has none. */
export function mapped(map: AddressMap | undefined, announced: RedisAddress): RedisAddress {
  const name = `${announced.host}:${announced.port}`;
  const found = typeof map === 'function' ? map(name) : map?.[name];
  return found ? { host: found.host, port: Number(found.port) } : announced;
}

import type { RedisAddress } from './connection.js';

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

// The two client libraries, as an application makes its client.
import { Redis } from 'ioredis';
import { createClient } from 'redis';

const HOST = '127.0.0.1';

/**
 * @param {'ioredis' | 'redis'} name
 * @param {number} port
 * @returns {any} not connected yet: that is for who uses it
 */
export function redisClient(name, port) {
  if (name === 'ioredis') return new Redis({ host: HOST, port, lazyConnect: true });
  return createClient({ socket: { host: HOST, port } });
}

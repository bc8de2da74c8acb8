import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 11_000;
const PORTS = 11_000;
const ATTEMPTS = 50;

let next = Math.floor(Math.random() * PORTS);

/**
 * A port of 127.0.0.1 that nobody listens on, below the range from which the kernel takes the ports of
 * clients: it stays free while its server is down, and no client that keeps trying to reach it can end up
 * connected to itself. The cluster bus, 10,000 above, stays below that range as well. No port is given twice, so
 * that servers can be started at the same time.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = FIRST + (next++ % PORTS);
    if (await canListenOn(port)) return port;
  }
  throw new Error(`None of ${ATTEMPTS} ports is free.`);
}

async function canListenOn(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

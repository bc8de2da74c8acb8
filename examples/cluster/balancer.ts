import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { HOST } from '../support/development.js';

/** Hands connections to the nodes in turn, and knows nothing of what they say. A node that does not answer is passed over. */
export function createBalancer(ports: readonly number[]): Server {
  let turn = 0;
  return createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    // Told by `pipeline` as well, once there is one.
    client.on('error', () => undefined);
    const first = turn++ % ports.length;
    forward(client, [...ports.slice(first), ...ports.slice(0, first)]);
  });
}

function forward(client: Socket, [port, ...others]: readonly number[]): void {
  if (port === undefined) return void client.destroy();
  const node = connect({ port, host: HOST, allowHalfOpen: true, noDelay: true });
  const next = (): void => forward(client, others);
  node.once('error', next);
  node.once('connect', () => {
    node.off('error', next);
    pipeline(client, node, client, () => undefined);
  });
}

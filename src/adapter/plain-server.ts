import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** A stock gateway's server, reached by its exact path. */
export interface PlainServer {
  readonly path: string;
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (client: WebSocket) => void,
  ): void;
  emit(event: 'connection', client: WebSocket, request: IncomingMessage): boolean;
}

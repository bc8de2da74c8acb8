import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Refusal } from '../admission/refusals.js';
import { RoomSocket } from '../connection/room-socket.js';
import type { PendingUpgrade } from './pending-upgrade.js';
import type { AdapterPorts } from './ports.js';
import { createVerifyClient } from './verify-client.js';

/** Nobody else can give `ws` a request that has it. */
const PENDING = Symbol('pending upgrade');

type Marked = IncomingMessage & { [PENDING]?: PendingUpgrade };

export interface HandshakePorts {
  readonly refuse: (upgrade: PendingUpgrade, refusal: Refusal) => void;
  readonly open: (client: RoomSocket, upgrade: PendingUpgrade) => void;
}

/** The server of `ws`, which asks `verifyClient` about every upgrade and answers a yes with the 101 (RFC 6455 §4.2.2). */
export class Handshake {
  readonly #server: WebSocketServer;

  constructor(
    { options, admission, clock }: AdapterPorts,
    private readonly after: HandshakePorts,
  ) {
    const { maxFragments, maxBufferedChunks, maxPendingAutoPongs, verdictDeadlineMs } = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      WebSocket: RoomSocket,
      maxPayload: options.maxMessageBytes,
      ...({ maxFragments, maxBufferedChunks, maxPendingAutoPongs } as object),
      verifyClient: createVerifyClient({
        admission,
        clock,
        verdictDeadlineMs,
        find: (message: Marked) => message[PENDING],
        refuse: after.refuse,
      }),
    });
  }

  begin(upgrade: PendingUpgrade): void {
    const { message, socket, head } = upgrade;
    // ws would answer with the first one that was offered, and what was offered may be a credential. Deleting what is not there
    // costs as much.
    if (message.headers['sec-websocket-protocol'] !== undefined)
      delete message.headers['sec-websocket-protocol'];
    // It knows no list of protocols.
    if (message.headers.upgrade !== 'websocket') message.headers.upgrade = 'websocket';
    (message as Marked)[PENDING] = upgrade;
    try {
      this.#server.handleUpgrade(message, socket, head, this.#onOpen);
    } catch {
      socket.destroy();
    }
  }

  readonly #onOpen = (client: WebSocket, message: Marked): void => {
    const upgrade = message[PENDING];
    if (upgrade) this.after.open(client as RoomSocket, upgrade);
    else client.terminate();
  };

  close(): void {
    this.#server.close();
  }
}

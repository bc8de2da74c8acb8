import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import { RawClient, upgradeBytes } from './raw-http.js';

/** A key that both sides know takes the place of certificates. */
const TLS = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
const KEY = Buffer.alloc(32, 'k');
const NOTHING = Buffer.alloc(0);

export const MAX_PAYLOAD = 300;

/** Both ends of a connection, and all that `ws` said of it. */
export interface Opened<T extends WebSocket> {
  readonly ws: T;
  /** The server's end. */
  readonly socket: Socket;
  readonly client: RawClient;
  readonly events: readonly string[];
  /** `ws` has said so. */
  readonly closed: Promise<void>;
}

export interface Opening<T extends WebSocket> {
  /** Bytes that come with the request. */
  readonly head?: Buffer;
  /** Called before `ws` knows the socket. */
  readonly before?: (socket: Socket) => unknown;
  /** Called in the turn of the 101. */
  readonly inTurn?: (ws: T) => void;
}

type Half<T extends WebSocket> = Omit<Opened<T>, 'client'>;

interface Expected extends Opening<WebSocket> {
  readonly resolve: (half: Half<WebSocket>) => void;
}

/** A server of `ws` with one kind of WebSocket, and its clients, who send bytes. */
export class WsDoor<T extends WebSocket> {
  readonly #server: Server;
  readonly #wss: WebSocketServer;
  readonly #expected = new Map<string, Expected>();
  readonly #clients: RawClient[] = [];

  private constructor(
    kind: abstract new (...args: never[]) => T,
    private readonly isSecure: boolean,
  ) {
    this.#wss = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      WebSocket: kind as unknown as typeof WebSocket,
      maxPayload: MAX_PAYLOAD,
      ...({ maxFragments: 4 } as object),
    });
    this.#server = isSecure
      ? createSecureServer({ ...TLS, pskCallback: () => KEY }, undefined)
      : createServer();
    // A timeout that the handshake has to take away.
    (this.#server as { timeout?: number }).timeout = 60_000;
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  static async open<T extends WebSocket>(
    kind: abstract new (...args: never[]) => T,
    isSecure = false,
  ): Promise<WsDoor<T>> {
    const door = new WsDoor(kind, isSecure);
    await new Promise<void>((resolve) => door.#server.listen(0, '127.0.0.1', resolve));
    return door;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A client that has the 101. */
  async dial({ head = NOTHING, before, inTurn }: Opening<T> = {}): Promise<Opened<T>> {
    const { port } = this.#server.address() as AddressInfo;
    const client = await RawClient.open(port, this.isSecure ? secureSocket(port) : undefined);
    const target = `/${this.#clients.push(client)}`;
    const half = new Promise<Half<WebSocket>>((resolve) =>
      this.#expected.set(target, { before, inTurn: inTurn as Expected['inTurn'], resolve }),
    );
    client.write(Buffer.concat([Buffer.from(upgradeBytes({ target })), head]));
    const opened = { ...((await half) as Half<T>), client };
    await client.until((bytes) => bytes.includes('\r\n\r\n'));
    return opened;
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { before, inTurn, resolve } = this.#expected.get(request.url as string) as Expected;
    this.#expected.delete(request.url as string);
    socket.on('error', () => socket.destroy());
    before?.(socket);
    this.#wss.handleUpgrade(request, socket, head, (ws) => {
      const events = record(ws);
      const closed = new Promise<void>((done) => ws.once('close', () => done()));
      inTurn?.(ws);
      resolve({ ws, socket, events, closed });
    });
  }
}

function secureSocket(port: number): Socket {
  const pskCallback = (): { psk: Buffer; identity: string } => ({ psk: KEY, identity: 'client' });
  const options = { ...TLS, pskCallback, checkServerIdentity: () => undefined };
  return connectSecurely({ ...options, port, host: '127.0.0.1' });
}

/** What is said of pongs without a payload is left out: nobody may be told of them. */
function record(ws: WebSocket): string[] {
  const events: string[] = [];
  const hex = (data: unknown): string => (data as Buffer).toString('hex');
  ws.on('message', (data, isBinary) => events.push(`${isBinary ? 'binary' : 'text'} ${hex(data)}`));
  ws.on('ping', (data) => events.push(`ping ${hex(data)}`));
  ws.on('pong', (data) => void (data.length > 0 && events.push(`pong ${hex(data)}`)));
  ws.on('error', (error) => events.push(`error ${error.message}`));
  ws.on('close', (code, reason) => events.push(`close ${code} ${hex(reason)}`));
  return events;
}

/** What the client was sent behind the 101. */
export function answered({ client }: Opened<WebSocket>): Buffer {
  const { received } = client;
  return received.subarray(received.indexOf('\r\n\r\n') + 4);
}

/** Writes one chunk, and waits until the server has read it; or until one of the two ends is gone, and it never will. */
export async function deliver(opened: Opened<WebSocket>, bytes: Buffer): Promise<void> {
  const { socket, client } = opened;
  const until = socket.bytesRead + bytes.length;
  client.write(bytes);
  while (socket.bytesRead < until && !socket.destroyed && client.socket.writable) await tick();
}

export const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';

/** A message of the server (PROTOCOL.md). */
export interface ServerMessage {
  readonly event: string;
  readonly data?: any; // oxlint-disable-line typescript/no-explicit-any -- each event has a shape of its own
  readonly id?: number;
  readonly room?: string;
  readonly offset?: number;
  readonly epoch?: string;
}

/** Where a client was in its room, and by which connection: what it comes back with. */
export interface ResumePoint {
  readonly offset: number;
  readonly epoch: string;
  readonly connectionId: string;
}

/** The HTTP answer to a refused upgrade. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

interface Events {
  message: [ServerMessage];
  close: [number];
}

/** One WebSocket of a room, for the demo's own programs: the probes, the page's relay and the terminal. */
export class RoomClient extends EventEmitter<Events> {
  readonly #socket: WebSocket;
  readonly #replies = new Map<number, (reply: ServerMessage) => void>();
  #lastId = 0;
  #point: Partial<ResumePoint> = {};

  /** @param token sent in the Authorization header; undefined sends none */
  constructor(url: string, token: string | undefined, point?: ResumePoint) {
    super();
    const { offset, epoch, connectionId } = point ?? {};
    const query = point ? `?offset=${offset}&epoch=${epoch}&connectionId=${connectionId}` : '';
    const options: ClientOptions = {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      handshakeTimeout: 10_000,
    };
    this.#socket = new WebSocket(`${url}${query}`, options);
    this.#point = { ...point };
    this.#socket.on('message', (bytes: Buffer) => this.#receive(String(bytes)));
    // What hello() does not report ends in a close.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', (code) => this.emit('close', code));
  }

  /**
   * Resolves with the greeting.
   * @throws Refused when the door says no; Error when there is no server.
   */
  async hello(): Promise<ServerMessage> {
    return new Promise((resolve, reject) => {
      this.once('message', resolve);
      this.once('close', (code) => reject(new Error(`Closed with ${code} before the greeting.`)));
      this.#socket.on('error', reject);
      this.#socket.on('unexpected-response', (_request, response) => {
        void toRefused(response).then(reject);
      });
    });
  }

  /** Sends a message and resolves with its one reply; rejects when the connection closes first. */
  request(event: string, data?: unknown): Promise<ServerMessage> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const onClose = (): void => reject(new Error('The connection closed before the reply.'));
      this.once('close', onClose);
      this.#replies.set(id, (reply) => {
        this.off('close', onClose);
        resolve(reply);
      });
      this.#socket.send(JSON.stringify({ event, data, id }), (error) => error && onClose());
    });
  }

  /** Where to come back to; undefined before the greeting. */
  get point(): ResumePoint | undefined {
    const { offset, epoch, connectionId } = this.#point;
    if (offset === undefined || epoch === undefined || !connectionId) return undefined;
    return { offset, epoch, connectionId };
  }

  /** Resolves when the connection is closed. */
  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise<void>((resolve) => this.once('close', () => resolve()));
    this.#socket.close(1000);
    await closed;
  }

  /** Destroys the socket without a close, as a lost network does. */
  drop(): void {
    this.#socket.terminate();
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as ServerMessage;
    this.#follow(message);
    this.emit('message', message);
    const { id } = message;
    if (id === undefined) return;
    this.#replies.get(id)?.(message);
    this.#replies.delete(id);
  }

  /** Keeps the position as PROTOCOL.md says: the epoch, and the offset of the latest publication. */
  #follow({ event, data, offset, epoch }: ServerMessage): void {
    if (event === 'hello') {
      const isBack = this.#point.epoch === data.position?.epoch;
      this.#point = { ...(isBack ? this.#point : data.position), connectionId: data.connectionId };
    }
    if (event === 'gap') this.#point = { ...this.#point, offset: data.offset, epoch: data.epoch };
    if (offset !== undefined)
      this.#point = { ...this.#point, offset, epoch: epoch ?? this.#point.epoch };
  }
}

async function toRefused(response: IncomingMessage): Promise<Refused> {
  let body = '';
  for await (const chunk of response) body += String(chunk);
  const { code = '', detail = '' } = JSON.parse(body || '{}') as { code?: string; detail?: string };
  return new Refused(response.statusCode ?? 0, code, detail);
}

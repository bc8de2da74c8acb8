import { connect, type Socket } from 'node:net';

export const WEBSOCKET_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

export interface UpgradeLines {
  method?: string;
  target: string;
  version?: string;
  /** Header lines as they are to stand on the wire, in place of Host and the WebSocket headers of the same name. */
  headers?: readonly string[];
  /** Names, in lower case, of default headers that are left out. */
  without?: readonly string[];
}

/** The bytes of an upgrade request, as odd as they are wanted. */
export function upgradeBytes({
  method = 'GET',
  target,
  version = '1.1',
  headers = [],
  without = [],
}: UpgradeLines): string {
  const given = new Set(headers.map((line) => line.slice(0, line.indexOf(':')).toLowerCase()));
  const defaults = [
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${WEBSOCKET_KEY}`,
  ].filter((line) => {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    return !given.has(name) && !without.includes(name);
  });
  return `${method} ${target} HTTP/${version}\r\n${[...defaults, ...headers].join('\r\n')}\r\n\r\n`;
}

export interface RawAnswer {
  readonly status: number;
  readonly statusLine: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Everything that came, head and body. */
  readonly bytes: Buffer;
}

export function parseAnswer(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, Math.max(end, 0)).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (name in headers) throw new Error(`The header "${name}" was sent twice.`);
    headers[name] = line.slice(colon + 1).trim();
  }
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1] ?? 0);
  return { status, statusLine, headers, body: bytes.subarray(end + 4), bytes };
}

/** A TCP client that keeps all it receives and survives whatever happens to it. */
export class RawClient {
  readonly closed: Promise<void>;
  readonly #chunks: Buffer[] = [];
  #notify: () => void = () => {};

  private constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#notify();
    });
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        resolve();
        this.#notify();
      }),
    );
  }

  /** `over` is a socket that is still to be connected, for what is not plain TCP. */
  static async open(
    port: number,
    over: Socket = connect({ port, host: '127.0.0.1', noDelay: true }),
  ): Promise<RawClient> {
    const client = new RawClient(over);
    await new Promise<void>((resolve, reject) => {
      client.socket.once('connect', resolve);
      client.socket.once('error', reject);
    });
    return client;
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Resolves when what was received is enough, or rejects when the server hangs up or nothing comes. */
  async until(isEnough: (received: Buffer) => boolean): Promise<Buffer> {
    const patience = setTimeout(() => this.socket.destroy(), 5_000);
    try {
      while (!isEnough(this.received)) {
        if (this.socket.destroyed)
          throw new Error(`Waited in vain; this came: ${this.received.toString('latin1')}`);
        await new Promise<void>((resolve) => (this.#notify = resolve));
      }
      return this.received;
    } finally {
      clearTimeout(patience);
    }
  }

  /** The head of the answer; the body may not be there yet. */
  async head(): Promise<RawAnswer> {
    return parseAnswer(await this.until((bytes) => bytes.includes('\r\n\r\n')));
  }

  /** The whole answer of a server that closes after it. */
  async answer(): Promise<RawAnswer> {
    const patience = setTimeout(() => this.socket.destroy(), 5_000);
    await this.closed;
    clearTimeout(patience);
    return parseAnswer(this.received);
  }

  /** Goes away with a reset, as a killed process or a broken network does. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** Sends the bytes on a connection of their own and resolves with the answer, which has to end the connection. */
export async function ask(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  const client = await RawClient.open(port);
  client.write(bytes);
  return client.answer();
}

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Deferred } from '../deferred.js';
import { freePort } from './free-port.js';
import { Flow } from './proxy-flow.js';
import { Lane, type Passage } from './proxy-lane.js';

export type Direction = 'toServer' | 'toClient';

const HOST = '127.0.0.1';

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly closed: Promise<unknown>;
}

const closeOf = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

/** What stands between clients and a server of 127.0.0.1, and does to their bytes what networks do. */
export class TcpProxy {
  /** Connections that were ever accepted. */
  accepted = 0;
  readonly #connections = new Set<Connection>();
  readonly #lanes: Readonly<Record<Direction, Lane>>;
  readonly #listener = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  #target: number;
  #lostReply: { readonly to: string; readonly happened: Deferred } | undefined;

  private constructor(
    readonly port: number,
    target: number,
    seed: number,
  ) {
    this.#target = target;
    this.#lanes = { toServer: new Lane(seed), toClient: new Lane(seed + 1) };
    this.#listener.on('connection', (client) => this.#accept(client));
  }

  /**
   * @param target the port that it leads to; `redirect` names one that is not known yet
   * @param seed of the sizes that `split` cuts, above 0
   */
  static async start(target = 0, seed = 1): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), target, seed);
    await proxy.#listen();
    return proxy;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Where the next connections go; those that are open stay where they are. */
  redirect(port: number): void {
    this.#target = port;
  }

  /** Breaks every connection, and what is on its way is lost; newcomers are welcome. */
  disconnect(): void {
    for (const { client, server } of this.#connections) {
      client.destroy();
      server.destroy();
    }
  }

  /** Breaks every connection, and refuses newcomers (ECONNREFUSED). */
  cut(): void {
    if (this.#listener.listening) this.#listener.close();
    this.disconnect();
  }

  /**
   * Nothing passes any more, not even that a side is gone; newcomers are accepted and wait. `heal` lets
   * through, late, what was sent. Like all faults with directions: both, unless one is named.
   */
  blackhole(direction?: Direction): void {
    for (const lane of this.#lanesOf(direction)) lane.gate.hold();
  }

  /** Every byte takes so much longer. */
  delay(ms: number, direction?: Direction): void {
    for (const lane of this.#lanesOf(direction)) lane.delayMs = ms;
  }

  /** Bytes go on in pieces of 1 to `maxBytes`. */
  split(maxBytes: number, direction?: Direction): void {
    for (const lane of this.#lanesOf(direction)) lane.maxPiece = maxBytes;
  }

  /**
   * So many more bytes pass in that direction, over all connections; the connection of the next one breaks
   * without it, and no other. What the server was told before still reaches it. Resolves when it broke.
   */
  dropAfter(bytes: number, direction: Direction): Promise<void> {
    return this.#lanes[direction].dropAfter(bytes);
  }

  /**
   * The next connection that sends the server a chunk with this text (as a rule the name of a command)
   * breaks at the first byte of an answer: the server did what it was told, and the client cannot know.
   * Resolves when it broke.
   */
  loseReplyTo(text: string): Promise<void> {
    const happened = new Deferred();
    this.#lostReply = { to: text, happened };
    return happened.promise;
  }

  /** Ends every fault; what was held passes. Resolves when newcomers are welcome again. */
  async heal(): Promise<void> {
    this.#lostReply = undefined;
    for (const lane of this.#lanesOf()) lane.heal();
    if (!this.#listener.listening) await this.#listen();
  }

  async close(): Promise<void> {
    this.cut();
    await Promise.all([...this.#connections].map(({ closed }) => closed));
  }

  async #listen(): Promise<void> {
    this.#listener.listen(this.port, HOST);
    await once(this.#listener, 'listening');
  }

  #lanesOf(direction?: Direction): readonly Lane[] {
    return direction ? [this.#lanes[direction]] : Object.values(this.#lanes);
  }

  #accept(client: Socket): void {
    this.accepted++;
    const server = connect({ port: this.#target, host: HOST, allowHalfOpen: true, noDelay: true });
    const closed = Promise.all([closeOf(client), closeOf(server)]);
    const connection = { client, server, closed };
    this.#connections.add(connection);
    void closed.then(() => this.#connections.delete(connection));
    server.once('connect', () => client.resume());

    let lostReply: Deferred | undefined;
    const toServer = (bytes: Buffer): Passage => {
      if (this.#lostReply && bytes.includes(this.#lostReply.to)) {
        lostReply = this.#lostReply.happened;
        this.#lostReply = undefined;
      }
      return this.#lanes.toServer.admit(bytes.length);
    };
    const toClient = (bytes: Buffer): Passage =>
      lostReply ? { bytes: 0, broken: lostReply } : this.#lanes.toClient.admit(bytes.length);
    const breakOff = (): unknown => client.destroy();
    new Flow(client, server, this.#lanes.toServer, toServer, breakOff);
    new Flow(server, client, this.#lanes.toClient, toClient, breakOff);
  }
}

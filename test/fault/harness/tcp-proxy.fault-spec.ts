import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually, nothingFor } from '../../support/poll.js';
import { TcpProxy } from '../../support/redis/tcp-proxy.js';

/** A server that says everything back, after its own name. */
class Echo {
  readonly sockets = new Set<Socket>();
  /** Everything that it was sent. */
  heard = '';
  readonly #server: Server;

  private constructor(name: string) {
    this.#server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.write(name);
      socket.on('data', (chunk) => {
        this.heard += String(chunk);
        socket.write(chunk);
      });
    }).listen(0, '127.0.0.1');
  }

  static async start(name = ''): Promise<Echo> {
    const echo = new Echo(name);
    await once(echo.#server, 'listening');
    return echo;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }
}

/** A client, and what it has received. */
class Dialer {
  readonly chunks: string[] = [];
  /** The code of the error that ended it, or `closed`. */
  readonly end: Promise<string>;
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1').setNoDelay();
    this.socket.on('data', (chunk) => this.chunks.push(String(chunk)));
    this.end = new Promise((resolve) => {
      this.socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code as string));
      this.socket.on('close', () => resolve('closed'));
    });
  }

  get received(): string {
    return this.chunks.join('');
  }

  async hears(text: string): Promise<void> {
    await eventually(() => this.received === text, `${text} instead of ${this.received}`, 2_000);
  }

  async says(text: string): Promise<void> {
    this.socket.write(text);
    await this.hears(this.received + text);
  }
}

describe('A proxy of our own', () => {
  let echo: Echo;
  let proxy: TcpProxy;
  let dialers: Dialer[];

  beforeEach(async () => {
    dialers = [];
    echo = await Echo.start();
    proxy = await TcpProxy.start(echo.port);
  });
  afterEach(async () => {
    for (const { socket } of dialers) socket.destroy();
    await proxy.close();
    expect(proxy.connections).toBe(0);
    echo.close();
  });

  function dial(): Dialer {
    const dialer = new Dialer(proxy.port);
    dialers.push(dialer);
    return dialer;
  }

  it('hands on bytes and ends, and counts connections', async () => {
    const dialer = dial();
    await dialer.says('hello');
    await dial().says('hello too');
    expect([proxy.connections, proxy.accepted]).toEqual([2, 2]);

    dialer.socket.end('bye');
    await dialer.hears('hellobye');
    expect(await dialer.end).toBe('closed');
    await eventually(() => proxy.connections === 1, 'the connection to be forgotten');
    expect(proxy.accepted).toBe(2);
  });

  it('hands on more than fits into any buffer', async () => {
    const dialer = dial();
    const text = '0123456789abcdef'.repeat(128 * 1024);
    dialer.socket.write(text);
    await eventually(() => dialer.received.length === text.length, 'two megabytes');
    expect(dialer.received === text).toBe(true);
  });

  it('breaks every connection and refuses newcomers when it is cut, until it heals', async () => {
    const dialer = dial();
    await dialer.says('hello');
    proxy.cut();
    expect(await dialer.end).toBe('closed');
    expect(await dial().end).toBe('ECONNREFUSED');
    await eventually(() => echo.sockets.size === 0, 'the server to see it');

    await proxy.heal();
    await dial().says('hello again');
  });

  it.each(['toServer', 'toClient'] as const)('swallows what goes %s without a sign', async (to) => {
    const dialer = dial();
    await dialer.says('hello');
    proxy.blackhole(to);
    dialer.socket.write('?');
    const newcomer = dial();
    newcomer.socket.write('!');

    expect(await Promise.race([dialer.end, newcomer.end, nothingFor(100)])).toBe('nothing');
    expect(dialer.received + newcomer.received).toBe('hello');
    expect(echo.heard).toBe(to === 'toServer' ? 'hello' : 'hello?!');

    await proxy.heal();
    await dialer.hears('hello?');
    await newcomer.hears('!');
  });

  it('does not even let a side know that the other is gone', async () => {
    const dialer = dial();
    await dialer.says('hello');
    proxy.blackhole();
    for (const socket of echo.sockets) socket.resetAndDestroy();
    expect(await Promise.race([dialer.end, nothingFor(100)])).toBe('nothing');

    await proxy.heal();
    expect(await dialer.end).toBe('closed');
  });

  it('takes its time for every byte, and keeps their order', async () => {
    const dialer = dial();
    await dialer.says('hello');
    proxy.delay(60);
    const before = performance.now();
    for (const letter of ' you') {
      dialer.socket.write(letter);
      await nothingFor(5);
    }
    await dialer.hears('hello you');
    expect(performance.now() - before).toBeGreaterThanOrEqual(120);
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  it('hands bytes on in small pieces, the same with the same seed', async () => {
    const text = 'the quick brown fox jumps over the lazy dog';
    const piecesWith = async (seed: number): Promise<string[]> => {
      await proxy.close();
      proxy = await TcpProxy.start(echo.port, seed);
      proxy.split(5, 'toClient');
      const dialer = dial();
      await dialer.says(text);
      return dialer.chunks;
    };
    const pieces = await piecesWith(7);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(5);
    expect(await piecesWith(7)).toEqual(pieces);
    expect(await piecesWith(8)).not.toEqual(pieces);
  });

  it.each([
    { direction: 'toServer', heard: 'helloab', received: 'hello' },
    { direction: 'toClient', heard: 'helloabcd', received: 'helloab' },
  ] as const)('breaks one connection amid its bytes $direction', async (the) => {
    const [dialer, bystander] = [dial(), dial()];
    await dialer.says('hello');
    const dropped = proxy.dropAfter(2, the.direction);
    dialer.socket.write('abcd');
    await dropped;

    expect(await dialer.end).toBe('closed');
    await eventually(() => echo.heard === the.heard, the.heard);
    expect(dialer.received).toBe(the.received);
    await bystander.says('unharmed');
  });

  it('loses the answer to one command alone, which the server has taken', async () => {
    const [dialer, bystander] = [dial(), dial()];
    const lost = proxy.loseReplyTo('PUBLISH');
    await bystander.says('PING');
    await dialer.says('PING');
    dialer.socket.write('PUBLISH');
    await lost;

    expect(await dialer.end).toBe('closed');
    expect(dialer.received).toBe('PING');
    expect(echo.heard).toBe('PINGPINGPUBLISH');
    await bystander.says('PUBLISH');
  });

  it('leads newcomers elsewhere, and leaves the others where they are', async () => {
    const elsewhere = await Echo.start('elsewhere:');
    const before = dial();
    await before.says('hello');
    proxy.redirect(elsewhere.port);
    await before.says('still here');
    await dial().hears('elsewhere:');

    proxy.disconnect();
    expect(await before.end).toBe('closed');
    await dial().hears('elsewhere:');
    elsewhere.close();
  });
});

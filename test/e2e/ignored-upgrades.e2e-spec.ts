import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketServer } from 'ws';
import { dial } from '../support/dial.js';
import { ask, parseAnswer, RawClient } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';

@Controller('orders')
class OrdersController {
  @Get()
  list(): object {
    return { orders: [] };
  }

  @Post()
  add(@Body() body: object): object {
    return { got: body };
  }
}

type Listener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('On %s, an upgrade to something else than WebSocket', (_name, http) => {
  let app: RoomApp;

  const start = async (options: RoomAppOptions = {}, ...beside: Listener[]): Promise<void> => {
    const controllers = [OrdersController];
    app = await startRoomApp({ http: http(), defaultGateway: '/:room', controllers, ...options });
    for (const listener of beside) app.server.on('upgrade', listener);
  };
  const get = (upgrade: string, target = '/orders', version = '1.1'): string =>
    `GET ${target} HTTP/${version}\r\nHost: 127.0.0.1\r\nConnection: close, Upgrade\r\n${upgrade}\r\n\r\n`;
  const expectOrders = (bytes: Buffer): void => {
    const { status, body } = parseAnswer(bytes);
    expect([status, String(body)]).toEqual([200, '{"orders":[]}']);
  };

  afterEach(() => app.close());

  it.each([
    'Upgrade: h2c',
    'Upgrade: H2C',
    'Upgrade: TLS/1.0, HTTP/1.1',
    'Upgrade: HTTP/2.0\r\nUpgrade: h2c',
    'Upgrade: IRC/6.9',
    'Upgrade: websocket/13',
    'Upgrade: websocketx',
    'Upgrade:',
    'Upgrade: ,',
  ])('is served as HTTP/1.1: %s', async (upgrade) => {
    await start();
    expectOrders((await ask(app.port, get(upgrade))).bytes);
  });

  it.each(['Upgrade: h2c', 'Upgrade: websocket'])(
    'is served when HTTP/1.0 asks for it, where a server has to ignore it: %s',
    async (upgrade) => {
      await start();
      expectOrders((await ask(app.port, get(upgrade, '/orders', '1.0'))).bytes);
    },
  );

  it('is told to come with WebSocket on the path of a room', async () => {
    await start();
    const answer = await ask(app.port, get('Upgrade: h2c', `/${ROOM}`));
    expect([answer.status, answer.headers['connection']]).toEqual([426, 'Upgrade, close']);
  });

  it.each<[string, Listener]>([
    ['wants nothing', () => undefined],
    ['refuses what is not WebSocket', refuseOthers],
  ])('is served at once beside a listener that %s', async (_what, listener) => {
    await start({}, (request, socket, head) => listener(request, socket, head));
    expectOrders((await ask(app.port, get('Upgrade: h2c'))).bytes);
  });

  it('is served when no listener touches it, whatever it is', async () => {
    await start({}, () => undefined);
    expectOrders((await ask(app.port, get('Upgrade: IRC/6.9'))).bytes);
  });

  it.each<[string, (socket: Duplex) => void]>([
    ['answers', (socket) => socket.end('HTTP/1.1 418 Mine\r\n\r\n')],
    [
      'answers later, and reads meanwhile',
      (socket) => {
        socket.on('data', () => undefined);
        setTimeout(() => socket.end('HTTP/1.1 418 Mine\r\n\r\n'), 20);
      },
    ],
  ])('belongs to another listener that %s', async (_what, answer) => {
    await start({}, (_request, socket) => answer(socket));
    expect((await ask(app.port, get('Upgrade: IRC/6.9'))).status).toBe(418);
  });

  it.each([
    ['of a known length', 'Content-Length: 9\r\n\r\n{"a":"b"}'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n5\r\n:"b"}\r\n0\r\n\r\n'],
  ])('keeps its body: %s', async (_what, rest) => {
    await start();
    const head = `POST /orders HTTP/1.1\r\nHost: a.test\r\n${H2C}Content-Type: application/json\r\n`;
    const client = await RawClient.open(app.port);
    const bytes = head + rest;
    client.write(bytes.slice(0, -8));
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.write(bytes.slice(-8));
    const got = await client.until((received) => received.includes('{"got":{"a":"b"}}'));
    expect(parseAnswer(got).status).toBe(201);
    client.reset();
  });

  it('is served to a client that has ended its side already', async () => {
    await start();
    const client = await RawClient.open(app.port);
    client.socket.end(get('Upgrade: h2c'));
    expectOrders((await client.answer()).bytes);
  });

  it('is told to go on with its body when it asks', async () => {
    await start();
    const client = await RawClient.open(app.port);
    const head = `POST /orders HTTP/1.1\r\nHost: a.test\r\n${H2C}Content-Type: application/json\r\n`;
    client.write(`${head}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
    await client.until((received) => received.includes('100 Continue'));
    client.write('{}');
    await client.until((received) => received.includes('{"got":{}}'));
    client.reset();
  });

  it('keeps the connection, for as many requests in one packet as there are, in order', async () => {
    await start();
    const warnings: Error[] = [];
    const warn = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', warn);
    const client = await RawClient.open(app.port);
    const count = 15;
    const one = (n: number): string => `GET /orders?${n} HTTP/1.1\r\nHost: a.test\r\n${H2C}\r\n`;
    client.write(Array.from({ length: count }, (_, n) => one(n)).join(''));
    await client.until((bytes) => bytes.toString().split('{"orders":[]}').length === count + 1);
    // The same connection may still become a WebSocket.
    client.write(get('Upgrade: websocket', `/${ROOM}`).replace('close, ', ''));
    await client.until((bytes) => bytes.includes('bad_upgrade'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });

  it('is refused when Node has left out headers, which may be those of its body', async () => {
    await start();
    const many = 'a: b\r\n'.repeat(1_100);
    const answer = await ask(app.port, get(`Upgrade: h2c\r\n${many}Content-Length: 1`));
    // Newer versions of Node refuse it themselves.
    expect([400, 431]).toContain(answer.status);
  });

  it('leaves the room to those who ask for WebSocket', async () => {
    await start();
    await ask(app.port, get('Upgrade: h2c'));
    const token = app.issuer.mint({ rooms: [ROOM] });
    await (await dial(app.port, `/${ROOM}`, token)).close();
  });
});

/** As a server of `ws` for a path of its own does it. */
function refuseOthers(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const server = new WebSocketServer({ noServer: true, path: '/graphql' });
  server.handleUpgrade(request, socket, head, () => undefined);
}

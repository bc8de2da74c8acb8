import { randomUUID } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { Controller, Get } from '@nestjs/common';
import { WebSocket } from 'ws';
import { CapturedLogger } from '../support/captured-logger.js';
import { DOCUMENTED, Nginx } from '../support/nginx.js';
import { runPython } from '../support/python.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const HTTP_HOST = `${DOCUMENTED} proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;`;
const FORWARDED_HOST = `${DOCUMENTED} proxy_set_header X-Forwarded-Host $http_host;`;
const FORWARDED = `${DOCUMENTED} proxy_set_header Forwarded "for=$remote_addr;host=\\"$http_host\\";proto=https";`;

@Controller('orders')
class OrdersController {
  @Get()
  list(): object {
    return { orders: [] };
  }
}

interface Outcome {
  readonly status: number;
  readonly body: string;
}

describe('Behind an nginx that ends TLS', () => {
  const room = randomUUID();
  const logger = new CapturedLogger();
  let app: RoomApp;
  let nginx: Nginx;
  let token: string;

  const start = async (trustProxyHops: number, ...blocks: string[]): Promise<void> => {
    logger.text = '';
    app = await startRoomApp({
      defaultGateway: '/:room',
      controllers: [OrdersController],
      logger,
      roomgate: { trustProxyHops },
    });
    token = app.issuer.mint({ rooms: [room] });
    nginx = new Nginx();
    await nginx.start(app.port, ...blocks);
  };

  afterEach(async () => {
    await nginx.stop();
    await app.close();
  });

  /** The client of `ws`, which sends what it is given and no Origin of its own. */
  const knock = (port: number, headers: Record<string, string> = {}): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`wss://127.0.0.1:${port}/${room}`, {
        headers: { authorization: `Bearer ${token}`, ...headers },
        rejectUnauthorized: false,
      });
      socket.once('message', (data: Buffer) => {
        socket.once('close', () => resolve({ status: 101, body: String(data) }));
        socket.close();
      });
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
    });

  /** The websocket-client of Python, which sends an Origin with `http` although it speaks TLS. */
  const knockByPython = async (port: number): Promise<{ status: number }> => {
    const options = {
      url: `wss://127.0.0.1:${port}/${room}`,
      header: [`Authorization: Bearer ${token}`],
      sslopt: { cert_reqs: 0, check_hostname: false },
    };
    return JSON.parse(await runPython('knock', [JSON.stringify(options)])) as { status: number };
  };

  const get = (port: number, path: string, headers: Record<string, string>): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      const options = { port, path, headers, host: '127.0.0.1', rejectUnauthorized: false };
      const request = httpsRequest(options, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      request.once('error', reject);
      request.end();
    });

  it('with its documented block unchanged, a client without an Origin gets in', async () => {
    await start(0, DOCUMENTED);
    const [port = 0] = nginx.ports;
    const { status, body } = await knock(port);
    expect(status).toBe(101);
    expect(body).toContain('"event":"hello"');
  });

  it('with that block, a client with an Origin is refused, and the log names Host and the line to add', async () => {
    await start(0, DOCUMENTED);
    const [port = 0] = nginx.ports;
    expect((await knockByPython(port)).status).toBe(403);
    expect(logger.text).toContain('origin_not_allowed');
    expect(logger.text).toContain('Host "backend"');
    expect(logger.text).toContain(`allowedOrigins: ["http://127.0.0.1:${port}"]`);
    expect(logger.text).not.toContain(token.split('.')[1]);
  });

  it.each([
    ['Host as the client sent it', HTTP_HOST],
    ['X-Forwarded-Host', FORWARDED_HOST],
    ['Forwarded', FORWARDED],
  ])(
    'that hands on %s and is trusted, clients and pages of the same host get in',
    async (_, block) => {
      await start(1, block);
      const [port = 0] = nginx.ports;
      const origin = `https://127.0.0.1:${port}`;
      const named = { host: 'chat.example.com', origin: 'https://chat.example.com' };
      expect((await knock(port)).status).toBe(101);
      expect(await knockByPython(port)).toMatchObject({ status: 101 });
      expect((await knock(port, { origin })).status).toBe(101);
      expect((await knock(port, named)).status).toBe(101);
      const evil = await knock(port, { ...named, origin: 'https://evil.example.com' });
      expect(evil.status).toBe(403);
    },
  );

  it('whose word is not trusted, a page gets in by Host alone', async () => {
    await start(0, HTTP_HOST, FORWARDED_HOST, FORWARDED);
    const origins = nginx.ports.map((port) => knock(port, { origin: `https://127.0.0.1:${port}` }));
    expect((await Promise.all(origins)).map(({ status }) => status)).toEqual([101, 403, 403]);
  });

  it('serves a route to a client that offers HTTP/2 in the clear, and 426 for a plain GET of a room', async () => {
    await start(0, DOCUMENTED);
    const [port = 0] = nginx.ports;
    const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AA' };
    expect(await get(port, '/orders', offer)).toEqual({ status: 200, body: '{"orders":[]}' });
    expect((await get(port, `/${room}`, {})).status).toBe(426);
  });
});

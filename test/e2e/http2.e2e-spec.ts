import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { selfSigned } from '../support/self-signed.js';
import { RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('A room gateway on a server that speaks HTTP/2', () => {
  let app: RoomApp;
  let session: ClientHttp2Session;

  const start = async (secure: boolean, options: RoomAppOptions = {}): Promise<void> => {
    const https = { allowHTTP1: true, ...selfSigned() };
    const http = new FastifyAdapter({ http2: true, ...(secure && { https }) } as never);
    app = await startRoomApp({ http, defaultGateway: '/:room', ...options });
    const { port } = app.server.address() as AddressInfo;
    session = connect(`http${secure ? 's' : ''}://127.0.0.1:${port}`, {
      rejectUnauthorized: false,
    });
  };
  const ask = (path: string, method = 'GET', headers = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':method': method, ':path': path, ...headers });
      const patience = setTimeout(() => reject(new Error('There was no answer.')), 2_000);
      let head: IncomingHttpHeaders = {};
      let body = '';
      stream.on('response', (got) => (head = got));
      stream.on('data', (chunk) => (body += String(chunk)));
      stream.on('error', reject);
      stream.on('end', () => {
        clearTimeout(patience);
        resolve({ headers: head, body });
      });
      stream.end();
    });

  afterEach(async () => {
    session.destroy();
    await app.close();
  });

  it.each([true, false])(
    'answers a plain GET on a room path without headers of the connection (TLS: %s)',
    async (secure) => {
      await start(secure);
      const { headers, body } = await ask(`/${ROOM}`);
      expect(headers).toMatchObject({
        ':status': 426,
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
      });
      expect(JSON.parse(body)).toMatchObject({ code: 'upgrade_required' });
      for (const name of ['connection', 'upgrade', 'keep-alive', 'transfer-encoding'])
        expect(headers).not.toHaveProperty(name);
    },
  );

  it('answers HEAD without a body, and what is no room as the app does', async () => {
    await start(false);
    const { headers, body } = await ask(`/${ROOM}`, 'HEAD');
    expect([headers[':status'], body]).toEqual([426, '']);
    expect((await ask('/nothing')).headers[':status']).toBe(404);
    expect((await ask(`/${ROOM}`, 'POST')).headers[':status']).toBe(404);
  });

  it('looks for the host where HTTP/2 has it', async () => {
    await start(false, { roomgate: { allowedHosts: ['chat.test'] } });
    const refused = await ask(`/${ROOM}`);
    expect([refused.headers[':status'], JSON.parse(refused.body)]).toMatchObject([
      403,
      { code: 'host_not_allowed' },
    ]);
    const named = await ask(`/${ROOM}`, 'GET', { ':authority': 'chat.test:443' });
    expect(named.headers[':status']).toBe(426);
  });

  it('admits a WebSocket over HTTP/1.1 on the same port', async () => {
    await start(true);
    const { port } = app.server.address() as AddressInfo;
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const client = await RawClient.open(port, socket);
    const bearer = `Authorization: Bearer ${app.issuer.mint({ rooms: [ROOM] })}`;
    client.write(upgradeBytes({ target: `/${ROOM}`, headers: [bearer] }));
    expect((await client.head()).status).toBe(101);
    client.socket.destroy();
  });

  it('serves an upgrade to HTTP/2 that comes in HTTP/1.1 over TLS as a request', async () => {
    await start(true);
    const { port } = app.server.address() as AddressInfo;
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const client = await RawClient.open(port, socket);
    client.write(upgradeBytes({ target: '/nothing', headers: ['Upgrade: h2c'] }));
    expect(String(await client.until((bytes) => bytes.includes('statusCode')))).toContain(' 404 ');
    client.socket.destroy();
  });
});

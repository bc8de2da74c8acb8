import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RoomgateModule } from 'nestjs-roomgate';
import { TestIssuer } from 'nestjs-roomgate/testing';
import { CapturedLogger } from '../support/captured-logger.js';
import { dial } from '../support/dial.js';
import { ask, RawClient, upgradeBytes } from '../support/raw-http.js';
import { selfSigned } from '../support/self-signed.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
type Instance = Handler & { routing?: Handler; ready?: () => Promise<void> };

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('An app on %s that is only initialised', (_name, http) => {
  const issuer = new TestIssuer();
  const logger = new CapturedLogger();
  let app: INestApplication;
  let handler: Handler;
  let servers: Server[];

  beforeEach(async () => {
    logger.text = '';
    servers = [];
    class AppModule {}
    const roomgate = RoomgateModule.forRoot({
      issuers: [issuer.options],
      defaultGateway: '/:room',
    });
    const root = { module: AppModule, imports: [roomgate] };
    app = await NestFactory.create(root, http(), { logger, abortOnError: false });
    await app.init();
    const instance = app.getHttpAdapter().getInstance() as Instance;
    await instance.ready?.();
    handler = instance.routing ?? instance;
  });

  afterEach(async () => {
    await app.close();
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const token = (): string => issuer.mint({ rooms: [ROOM] });
  const enter = async (port: number): Promise<void> =>
    (await dial(port, `/${ROOM}`, token())).close();

  it('admits at each server of its own that it is given to', async () => {
    for (const port of [await listen(createServer(handler)), await listen(createServer(handler))]) {
      await enter(port);
      expect((await ask(port, upgradeBytes({ target: `/${ROOM}` }))).status).toBe(401);
      expect((await ask(port, upgradeBytes({ target: '/nobody' }))).status).toBe(404);
    }
    expect(servers[0]?.headersTimeout).toBe(10_000);
  });

  it('admits at a server of its own that speaks TLS', async () => {
    const port = await listen(createSecureServer(selfSigned(), handler) as unknown as Server);
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const client = await RawClient.open(port, socket);
    const headers = [`Authorization: Bearer ${token()}`];
    client.write(upgradeBytes({ target: `/${ROOM}`, headers }));
    expect((await client.head()).status).toBe(101);
    client.socket.destroy();
  });

  it('says what is missing where it cannot know, and admits from the second upgrade on', async () => {
    const port = await listen(createServer((request, response) => handler(request, response)));
    const headers = [`Authorization: Bearer ${token()}`];
    const first = await ask(port, upgradeBytes({ target: `/${ROOM}`, headers }));
    expect([first.status, first.headers['retry-after']]).toEqual([503, expect.any(String)]);
    expect(logger.text).toContain('http.createServer(app.getHttpAdapter().getInstance())');
    await enter(port);
  });

  it('leaves servers alone that have nothing to do with it', async () => {
    const port = await listen(createServer((_request, response) => response.end('other')));
    const bytes = upgradeBytes({ target: `/${ROOM}`, headers: ['Connection: close, Upgrade'] });
    expect(String((await ask(port, bytes)).body)).toContain('other');
    expect(servers[0]?.listenerCount('upgrade')).toBe(0);
  });

  it('does not keep its servers, nor watch for more, when it is closed', async () => {
    await listen(createServer(handler));
    expect(servers[0]?.listenerCount('upgrade')).toBe(1);
    await app.close();
    await listen(createServer(handler));
    expect(servers.map((server) => server.listenerCount('upgrade'))).toEqual([0, 0]);
  });
});

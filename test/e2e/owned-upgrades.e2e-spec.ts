import { type IncomingMessage, type Server as HttpServer, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Controller, Get, Param } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type AuditEvent, AuditSink, RoomGateway } from 'nestjs-roomgate';
import { WebSocketServer } from 'ws';
import { dial } from '../support/dial.js';
import { eventually } from '../support/poll.js';
import { ask, RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

@RoomGateway('/orders/:room')
class OrdersGateway {}

/** A route of the same path as the room. */
@Controller('orders')
class OrdersController {
  @Get(':id')
  read(@Param('id') id: string): object {
    return { route: id };
  }
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('On %s, an upgrade for a room', (_name, http) => {
  let app: RoomApp;
  const seen: string[] = [];

  const start = async (options: RoomAppOptions = {}): Promise<void> => {
    seen.length = 0;
    app = await startRoomApp({ http: http(), providers: [OrdersGateway], ...options });
  };

  /** As `@fastify/websocket` does it: each upgrade goes through the routes of the app. */
  function routeUpgrades(first: boolean): void {
    const instance = app.app.getHttpAdapter().getInstance() as
      | { routing: (request: IncomingMessage, response: ServerResponse) => void }
      | ((request: IncomingMessage, response: ServerResponse) => void);
    const handle = typeof instance === 'function' ? instance : instance.routing;
    const onUpgrade = (request: IncomingMessage, socket: Socket): void => {
      seen.push(String(request.url));
      const response = new ServerResponse(request);
      response.assignSocket(socket);
      handle(request, response);
    };
    if (first) app.server.prependListener('upgrade', onUpgrade);
    else app.server.on('upgrade', onUpgrade);
  }

  const enter = async (): Promise<void> => {
    const token = app.issuer.mint({ rooms: [ROOM] });
    const connection = await dial(app.port, `/orders/${ROOM}`, token);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    // A byte of HTTP in the open WebSocket would have ended it with 1002.
    connection.send({ event: 'room.presence', id: 1 } as never);
    await connection.next('exception');
    await connection.close();
  };

  afterEach(() => app.close());

  it.each([
    ['no route there', [], true],
    ['no route there, but a listener behind us', [], false],
    ['a route of the same path', [OrdersController], true],
    ['a route of the same path, but a listener behind us', [OrdersController], false],
  ])('has one owner where another sends upgrades through the app, with %s', async (_, c, first) => {
    const refusals: string[] = [];
    class Sink extends AuditSink {
      record({ kind, reason }: AuditEvent): void {
        if (kind === 'refused') refusals.push(reason);
      }
    }
    await start({ controllers: c, auditSink: Sink });
    routeUpgrades(first);
    await enter();
    const refused = await ask(app.port, upgradeBytes({ target: `/orders/${ROOM}` }));
    expect([refused.status, refused.bytes.toString().split('HTTP/1.1').length]).toEqual([401, 2]);
    // The other one heard of them, with a socket that leads nowhere.
    expect(seen.length).toBe(2);
    expect(refusals).toEqual(['no_token']);
  });

  it('is not refused by a second server of ws, which refuses every path but its own', async () => {
    await start();
    const other = new WebSocketServer({ server: app.server as HttpServer, path: '/graphql' });
    await enter();
    const client = await RawClient.open(app.port);
    client.write(upgradeBytes({ target: '/graphql' }));
    expect((await client.head()).status).toBe(101);
    client.reset();
    await eventually(() => other.clients.size === 0, 'the other connection to be gone');
    other.close();
  });

  it('leaves upgrades of other paths to the one who routes them', async () => {
    await start({ controllers: [OrdersController] });
    routeUpgrades(false);
    const client = await RawClient.open(app.port);
    client.write(upgradeBytes({ target: '/orders/1' }));
    await client.until((bytes) => bytes.includes('{"route":"1"}'));
    expect(seen).toEqual(['/orders/1']);
    client.reset();
  });
});

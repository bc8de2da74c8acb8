import { Controller, Get, NotFoundException, Param, Post } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RoomGateway } from 'nestjs-roomgate';
import { dial } from '../support/dial.js';
import { expectProblem } from '../support/expect-problem.js';
import { ask, type RawAnswer, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const MISSING = '00000000-0000-4000-8000-000000000000';

@RoomGateway('/orders/:room')
class OrdersGateway {}

/** The same shape of path as the room's. */
@Controller('orders')
class OrdersController {
  @Get(':id')
  read(@Param('id') id: string): object {
    if (id === MISSING) throw new NotFoundException();
    return { id };
  }
}

@Controller('elsewhere')
class ElsewhereController {
  @Get(':id')
  read(@Param('id') id: string): object {
    return { id };
  }

  @Post(':id')
  write(): string {
    return 'written';
  }
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('A room gateway on %s', (_name, http) => {
  let app: RoomApp;

  const start = async (options: RoomAppOptions): Promise<void> => {
    app = await startRoomApp({ http: http(), providers: [OrdersGateway], ...options });
  };
  const request = (method: string, target: string): Promise<RawAnswer> =>
    ask(app.port, `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
  const enter = async (path: string): Promise<void> => {
    const connection = await dial(app.port, path, app.issuer.mint({ rooms: [ROOM] }));
    expect(connection.hello.room).toBe(ROOM);
    await connection.close();
  };

  afterEach(() => app.close());

  it('admits and refuses', async () => {
    await start({});
    await enter(`/orders/${ROOM}`);
    const answer = await ask(app.port, upgradeBytes({ target: `/orders/${ROOM}` }));
    expectProblem(answer, 401, 'no_token');
  });

  it.each([`/orders/${ROOM}`, `/orders/${ROOM.toUpperCase()}?x=1`])(
    'answers a plain GET on a room path with 426: %s',
    async (target) => {
      await start({ controllers: [ElsewhereController] });
      const answer = await request('GET', target);
      const headers = expectProblem(answer, 426, 'upgrade_required');
      expect(headers['upgrade']).toBe('websocket');
    },
  );

  it.each([
    ['GET', '/orders'],
    ['GET', '/orders/1'],
    ['GET', `/orders/${ROOM}/`],
    ['GET', `/orders/${ROOM}/x`],
    ['GET', `/${ROOM}`],
    ['GET', '/'],
    ['POST', `/orders/${ROOM}`],
    ['DELETE', `/orders/${ROOM}`],
  ])('leaves what is no room path to the app: %s %s', async (method, target) => {
    await start({ controllers: [ElsewhereController] });
    const answer = await request(method, target);
    expect(answer.status).toBe(404);
    expect(JSON.parse(String(answer.body))).toEqual({
      statusCode: 404,
      error: 'Not Found',
      message: `Cannot ${method} ${target}`,
    });
  });

  it('never answers in place of a route of the app, though the path has the shape of a room', async () => {
    await start({ controllers: [OrdersController, ElsewhereController] });
    const found = await request('GET', `/orders/${ROOM}`);
    expect([found.status, String(found.body)]).toEqual([200, `{"id":"${ROOM}"}`]);
    const missing = await request('GET', `/orders/${MISSING}`);
    expect(missing.status).toBe(404);
    expect(String(missing.body)).toContain('"statusCode":404');
    expect((await request('POST', `/elsewhere/${ROOM}`)).status).toBe(201);
    await enter(`/orders/${ROOM}`);
  });

  describe('with a global prefix', () => {
    const configure: RoomAppOptions['configure'] = (nest) => nest.setGlobalPrefix('api/v1');

    it('keeps its own path by default', async () => {
      await start({ configure, controllers: [ElsewhereController] });
      await enter(`/orders/${ROOM}`);
      expectProblem(await request('GET', `/orders/${ROOM}`), 426, 'upgrade_required');
      const target = `/api/v1/orders/${ROOM}`;
      expectProblem(await ask(app.port, upgradeBytes({ target })), 404, 'not_found');
      expect((await request('GET', target)).status).toBe(404);
      expect((await request('GET', `/api/v1/elsewhere/1`)).status).toBe(200);
    });

    it('stands behind the prefix with useGlobalPrefix', async () => {
      await start({
        configure,
        controllers: [ElsewhereController],
        roomgate: { useGlobalPrefix: true },
      });
      const target = `/api/v1/orders/${ROOM}`;
      await enter(target);
      expectProblem(await request('GET', target), 426, 'upgrade_required');
      const bare = await ask(app.port, upgradeBytes({ target: `/orders/${ROOM}` }));
      expectProblem(bare, 404, 'not_found');
      expect((await request('GET', `/orders/${ROOM}`)).status).toBe(404);
      expect((await request('GET', '/api/v1/elsewhere/1')).status).toBe(200);
    });

    it('never answers in place of a route of the app', async () => {
      const controllers = [OrdersController];
      await start({ configure, controllers, roomgate: { useGlobalPrefix: true } });
      const found = await request('GET', `/api/v1/orders/${ROOM}`);
      expect([found.status, String(found.body)]).toEqual([200, `{"id":"${ROOM}"}`]);
    });

    it('refuses to boot when the prefix has what a room path cannot have', async () => {
      const failing = startRoomApp({
        http: http(),
        providers: [OrdersGateway],
        roomgate: { useGlobalPrefix: true },
        configure: (nest) => nest.setGlobalPrefix('api/:version'),
      });
      await expect(failing).rejects.toMatchObject({ code: 'gateway_conflict' });
      await start({});
    });
  });
});

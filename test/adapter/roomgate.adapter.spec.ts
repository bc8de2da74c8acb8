import { EventEmitter } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RoomGateway, RoomgateAdapter } from 'nestjs-roomgate';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import { of } from 'rxjs';
import type { WebSocketServer } from 'ws';
import type { AdapterPorts } from '../../src/adapter/ports.js';
import { RoomServer } from '../../src/adapter/room-server.js';
import { ROOMGATE_ADAPTER_PORTS } from '../../src/core/constants.js';
import { refused } from '../support/caught.js';

@RoomGateway('/orders/:room')
class OrdersGateway {}

describe('RoomgateAdapter', () => {
  let testbed: RoomgateTestbed;
  let server: Server;
  let adapter: RoomgateAdapter;

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({ providers: [OrdersGateway] });
    server = createServer();
    const ports = testbed.get<AdapterPorts>(ROOMGATE_ADAPTER_PORTS);
    const httpAdapter = {
      getType: () => 'other',
      use: () => {},
      getHttpServer: () => server,
      getInstance: () => undefined,
    };
    adapter = new RoomgateAdapter({ ...ports, httpAdapter: () => httpAdapter } as never);
  });

  afterEach(async () => {
    await adapter.dispose();
    await testbed.close();
  });

  const create = (port: number, options?: object): unknown =>
    adapter.create(port, options as never);

  it('takes what it needs out of an app that imports the module', () => {
    expect(() => new RoomgateAdapter(testbed.app)).not.toThrow();
  });

  it('cannot be made for an app that does not', async () => {
    class EmptyModule {}
    const context: INestApplicationContext = await NestFactory.createApplicationContext(
      { module: EmptyModule },
      { logger: false },
    );
    expect(() => new RoomgateAdapter(context)).toThrow(/ROOMGATE_ADAPTER_PORTS/);
    await context.close();
  });

  it('gives a room gateway a server that takes nothing from the network itself', () => {
    const made = create(0, { path: '/orders/:room', roomGateway: OrdersGateway });
    expect(made).toBeInstanceOf(RoomServer);
    expect((made as RoomServer).route.path).toBe('/orders/:room');
  });

  it.each([
    ['a path that the module does not know', 0, '/other/:room'],
    ['no path', 0, undefined],
    ['a port of its own', 4_000, '/orders/:room'],
  ])('refuses a room gateway with %s', (_what, port, path) => {
    const error = refused(() => create(port, { path, roomGateway: OrdersGateway }));
    expect(error).toMatchObject({ code: 'gateway_conflict' });
    expect(error?.message).toContain(`"${String(path)}"`);
  });

  it('listens for upgrades once, however many gateways there are, and no longer once disposed of', async () => {
    create(0, { path: '/orders/:room', roomGateway: OrdersGateway });
    create(0, { path: '/plain' });
    create(0);
    expect(server.listenerCount('upgrade')).toBe(1);
    await adapter.dispose();
    expect(server.listenerCount('upgrade')).toBe(0);
    await adapter.dispose();
  });

  it('gives a plain gateway the server that stock Nest gives it', async () => {
    const made = create(0, { path: 'plain' }) as WebSocketServer & { path: string };
    expect(made.constructor.name).toBe('WebSocketServer');
    expect(made.path).toBe('/plain');
    const closed = new Promise((resolve) => made.once('close', resolve));
    await adapter.close(made as never);
    await closed;
  });

  it('leaves the servers of rooms alone when Nest closes them: their connections were told before', async () => {
    const made = create(0, { path: '/orders/:room', roomGateway: OrdersGateway });
    await expect(adapter.close(made as never)).resolves.toBeUndefined();
  });

  it('binds what is no connection of ours as stock Nest does', () => {
    const client = Object.assign(new EventEmitter(), { readyState: 1, sent: [] as string[] });
    const sent: string[] = [];
    const socket = Object.assign(client, { send: (text: string) => sent.push(text) });
    const handlers = [
      { message: 'echo', methodName: 'echo', callback: (data: unknown) => of(data) },
    ];
    const closes: number[] = [];
    adapter.bindMessageHandlers(
      socket as never,
      handlers as never,
      ((value: unknown) => value) as never,
    );
    adapter.bindClientDisconnect(socket as never, (code) => closes.push(code));
    socket.emit('message', { type: 'message', data: '{"event":"echo","data":1}' });
    socket.emit('close', 1000);
    expect([sent, closes]).toEqual([['1'], [1000]]);
  });
});

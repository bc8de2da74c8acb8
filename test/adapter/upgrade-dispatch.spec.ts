import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { PassThrough } from 'node:stream';
import { createRoomgateTestbed, type RoomgateTestbed } from 'nestjs-roomgate/testing';
import type { AdapterPorts, PlainServer } from '../../src/adapter/ports.js';
import { RoomServer } from '../../src/adapter/room-server.js';
import { UpgradeDispatch } from '../../src/adapter/upgrade-dispatch.js';
import { ROOMGATE_ADAPTER_PORTS } from '../../src/core/constants.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

class PlainDouble extends EventEmitter {
  readonly path = '/plain';
  readonly clients: unknown[] = [];
  handleUpgrade = (...args: Parameters<PlainServer['handleUpgrade']>): void =>
    args[3](this as never);
}

describe('UpgradeDispatch', () => {
  let testbed: RoomgateTestbed;
  let ports: AdapterPorts;
  let server: EventEmitter;
  let socket: PassThrough;
  const plain = new PlainDouble();

  beforeEach(async () => {
    testbed = await createRoomgateTestbed({ defaultGateway: '/:room' });
    ports = testbed.get<AdapterPorts>(ROOMGATE_ADAPTER_PORTS);
    server = new EventEmitter();
    socket = new PassThrough();
  });

  afterEach(() => testbed.close());

  function dispatchWith(changes: Partial<AdapterPorts> = {}): UpgradeDispatch {
    const all = { ...ports, ...changes };
    const dispatch = new UpgradeDispatch(
      all,
      () => [plain as never],
      () => undefined,
    );
    dispatch.serve(server as Server);
    for (const route of all.routes.values()) dispatch.rooms.push(new RoomServer(route, ''));
    return dispatch;
  }

  function request(url: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
    const all: Record<string, string> = {
      host: 'chat.test',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    };
    const rawHeaders = Object.entries(all).flat();
    return {
      method: 'GET',
      httpVersion: '1.1',
      url,
      headers: all,
      rawHeaders,
      socket,
    } as never;
  }

  const upgrade = (_dispatch: UpgradeDispatch, message: IncomingMessage): unknown =>
    server.emit('upgrade', message, socket, Buffer.alloc(0));
  const listenBeside = (): unknown => server.on('upgrade', () => undefined);

  it('survives a reset before anything else was done', () => {
    listenBeside();
    upgrade(dispatchWith(), request('/other'));
    expect(() => socket.emit('error', new Error('ECONNRESET'))).not.toThrow();
    expect(socket.destroyed).toBe(true);
  });

  it('destroys the socket when anything throws, without a word', () => {
    const drain = {
      get isDraining(): boolean {
        throw new Error('This fails.');
      },
    };
    const dispatch = dispatchWith({ drain: drain as never });
    expect(() => upgrade(dispatch, request(`/${ROOM}`))).not.toThrow();
    expect([socket.destroyed, socket.read()]).toEqual([true, null]);
  });

  it('refuses a request without a target', () => {
    upgrade(dispatchWith(), request(undefined));
    expect(String(socket.read())).toContain('HTTP/1.1 400 ');
  });

  it('hears of no upgrade any more when it is destroyed', () => {
    const dispatch = dispatchWith();
    dispatch.destroy();
    upgrade(dispatch, request(`/${ROOM}`));
    expect([server.listenerCount('upgrade'), socket.listenerCount('error')]).toEqual([0, 0]);
  });

  it('hands a plain path to its server, which tells its listeners', () => {
    const message = request('/plain?x=1');
    const seen: unknown[][] = [];
    plain.once('connection', (...args: unknown[]) => seen.push(args));
    upgrade(dispatchWith(), message);
    expect(seen).toEqual([[plain, message]]);
  });

  it('destroys the socket when a listener of a plain server throws', () => {
    plain.once('connection', () => {
      throw new Error('This fails.');
    });
    upgrade(dispatchWith(), request('/plain'));
    expect(socket.destroyed).toBe(true);
  });

  it('destroys what waits for a verdict or a claim when it is destroyed, and nothing else', () => {
    listenBeside();
    const dispatch = dispatchWith();
    upgrade(dispatch, request('/other'));
    const waiting = socket;
    socket = new PassThrough();
    upgrade(dispatch, request('/plain'));
    dispatch.destroy();
    expect([waiting.destroyed, socket.destroyed]).toEqual([true, false]);
  });

  it('forgets a socket that has closed', async () => {
    listenBeside();
    const dispatch = dispatchWith();
    upgrade(dispatch, request('/other'));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
    let destroyed = 0;
    socket.destroy = () => {
      destroyed += 1;
      return socket;
    };
    dispatch.destroy();
    expect(destroyed).toBe(0);
  });
});

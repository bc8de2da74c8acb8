import type { AddressInfo, Server } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { WebSocket } from 'ws';
import { dial } from '../support/dial.js';
import { ask, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

@WebSocketGateway({ path: '/plain' })
class PlainGateway {
  readonly log: string[] = [];

  handleConnection(): void {
    this.log.push('connected');
  }

  handleDisconnect(): void {
    this.log.push('disconnected');
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown, @ConnectedSocket() client: object): object {
    return { event: 'echo', data: [data, client.constructor.name] };
  }

  @SubscribeMessage('fail')
  fail(): never {
    throw new WsException('as stock says it');
  }
}

/** Sends each text and collects what comes back until the reply to `last`. */
async function talk(port: number, path: string): Promise<string[]> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  const frames: string[] = [];
  const done = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.on('message', (bytes) => {
      frames.push(String(bytes as Buffer));
      if (frames.at(-1)?.includes('"last"')) resolve();
    });
  });
  await new Promise((resolve) => socket.once('open', resolve));
  const texts = ['{', '{"event":"none"}', '{"event":"fail","data":1}', '{"event":"echo","data":7}'];
  for (const text of [...texts, '{"event":"echo","data":"last"}']) socket.send(text);
  await done;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.close();
  await closed;
  return frames;
}

describe('A plain gateway that is listed in allowPlainGateways', () => {
  let app: RoomApp;
  let stock: INestApplication;
  let stockPort: number;

  beforeAll(async () => {
    app = await startRoomApp({
      defaultGateway: '/:room',
      providers: [PlainGateway],
      roomgate: { allowPlainGateways: [PlainGateway] },
    });
    class StockModule {}
    const root = { module: StockModule, providers: [PlainGateway] };
    stock = await NestFactory.create(root, { logger: false });
    stock.useWebSocketAdapter(new WsAdapter(stock));
    await stock.listen(0, '127.0.0.1');
    stockPort = ((stock.getHttpServer() as Server).address() as AddressInfo).port;
  });

  afterAll(async () => {
    await stock.close();
    await app.close();
  });

  it.each(['/plain', '/plain?x=1'])('is served at %s as stock Nest serves it', async (path) => {
    const frames = await talk(app.port, path);
    expect(frames).toEqual(await talk(stockPort, path));
    expect(frames).toContain('{"event":"echo","data":["last","WebSocket"]}');
    expect(app.app.get(PlainGateway).log.slice(-2)).toEqual(['connected', 'disconnected']);
  });

  it('is reached by its exact path only', async () => {
    for (const target of ['/plain/', '/plai', '/plain/x', '/', '/%70lain'])
      expect((await ask(app.port, upgradeBytes({ target }))).status).toBe(404);
  });

  it('opens no door to the rooms beside it', async () => {
    const answer = await ask(app.port, upgradeBytes({ target: `/${randomUUID()}` }));
    expect(answer.status).toBe(401);
    const room = randomUUID();
    const alice = await dial(app.port, `/${room}`, app.issuer.mint({ rooms: [room] }));
    expect(await alice.request('fail')).toMatchObject({ data: { code: 'unknown_event' } });
    await alice.close();
  });

  it('leaves nothing open when the app closes', async () => {
    const other = await startRoomApp({
      defaultGateway: '/:room',
      providers: [PlainGateway],
      roomgate: { allowPlainGateways: [PlainGateway] },
    });
    const socket = new WebSocket(`ws://127.0.0.1:${other.port}/plain`);
    await new Promise((resolve) => socket.once('open', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await other.close();
    await closed;
    expect(other.server.listening).toBe(false);
  });
});

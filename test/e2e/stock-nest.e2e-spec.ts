import type { AddressInfo, Server } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSocket } from 'ws';
import { eventually } from '../support/poll.js';

/** A promise that the test settles. */
class Held {
  readonly promise: Promise<void>;
  letGo!: () => void;

  constructor() {
    this.promise = new Promise((resolve) => (this.letGo = resolve));
  }
}

let verdict: Held;

@WebSocketGateway({ path: '/hook' })
class HookGateway {
  readonly log: string[] = [];

  /** The check that tutorials show: asks somebody, then closes. */
  async handleConnection(client: WebSocket): Promise<void> {
    await verdict.promise;
    this.log.push('denied');
    client.close(4401);
  }

  @SubscribeMessage('read')
  read(): object {
    this.log.push('handled');
    return { event: 'secret', data: 42 };
  }
}

const asyncOfLength1 = {
  path: '/length-1',
  verifyClient: async (_info: unknown): Promise<boolean> => false,
};

@WebSocketGateway(asyncOfLength1 as object)
class AsyncVerifyGateway {}

const withCallback = {
  path: '/length-2',
  verifyClient: (_info: unknown, done: (isAdmitted: boolean) => void): void => done(false),
};

@WebSocketGateway(withCallback as object)
class CallbackVerifyGateway {}

@WebSocketGateway({ path: '/order' })
class OrderGateway {
  readonly log: string[] = [];

  @SubscribeMessage('slow')
  async slow(): Promise<object> {
    this.log.push('slow begins');
    await verdict.promise;
    this.log.push('slow ends');
    return { event: 'slow' };
  }

  @SubscribeMessage('fast')
  fast(): object {
    this.log.push('fast');
    return { event: 'fast' };
  }
}

/** What the README says of Nest as it is. When one of these fails, the README has to change. */
describe('Nest with its stock WsAdapter', () => {
  let app: INestApplication;
  let port: number;

  beforeEach(async () => {
    verdict = new Held();
    const providers: Type[] = [
      HookGateway,
      AsyncVerifyGateway,
      CallbackVerifyGateway,
      OrderGateway,
    ];
    class StockModule {}
    app = await NestFactory.create({ module: StockModule, providers }, { logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    port = ((app.getHttpServer() as Server).address() as AddressInfo).port;
  });

  afterEach(async () => {
    verdict.letGo();
    await app.close();
  });

  /** Resolves with the status of the answer to the upgrade: 101, or that of the refusal. */
  function knock(path: string): Promise<{ status: number; client: WebSocket; events: string[] }> {
    const client = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    const events: string[] = [];
    client.on('message', (bytes) =>
      events.push((JSON.parse(String(bytes as Buffer)) as { event: string }).event),
    );
    client.on('error', () => undefined);
    return new Promise((resolve) => {
      client.once('open', () => resolve({ status: 101, client, events }));
      client.once('unexpected-response', (_request, { statusCode = 0 }) => {
        client.terminate();
        resolve({ status: statusCode, client, events });
      });
    });
  }

  it('handles and answers the message of somebody whom handleConnection is about to deny', async () => {
    const { client, events } = await knock('/hook');
    client.send('{"event":"read"}');
    await eventually(() => events.length > 0, 'the secret');
    const closed = new Promise((resolve) => client.once('close', resolve));
    verdict.letGo();
    expect(await closed).toBe(4401);
    expect(events).toEqual(['secret']);
    expect(app.get(HookGateway).log).toEqual(['handled', 'denied']);
  });

  it('admits everyone with an asynchronous verifyClient of one parameter, though it says no', async () => {
    expect((await knock('/length-1')).status).toBe(101);
  });

  it('refuses with a verifyClient of two parameters that says no', async () => {
    expect((await knock('/length-2')).status).toBe(401);
  });

  it('lets the handlers of one connection overtake each other', async () => {
    const { client, events } = await knock('/order');
    client.send('{"event":"slow"}');
    client.send('{"event":"fast"}');
    await eventually(() => events.length > 0, 'the first answer');
    verdict.letGo();
    await eventually(() => events.length > 1, 'the second answer');
    expect(events).toEqual(['fast', 'slow']);
    expect(app.get(OrderGateway).log).toEqual(['slow begins', 'fast', 'slow ends']);
  });
});

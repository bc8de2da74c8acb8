import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import { Injectable, Module, Scope, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import {
  AbstractWsAdapter,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { RoomGateway } from '../../src/gateway/room-gateway.decorator.js';
import { RoomgateFilter } from '../../src/gateway/roomgate.filter.js';

const ran: string[] = [];
const opened: Server[] = [];

/** Checks nobody and listens on a port of its own as soon as Nest asks for a server. */
class HomeMadeAdapter extends AbstractWsAdapter {
  create(): Server {
    const server = createServer().listen(0, '127.0.0.1');
    opened.push(server);
    return server;
  }
  bindMessageHandlers(): void {}
}

@RoomGateway('/chat/:room')
class ChatGateway {
  afterInit(): void {
    ran.push('afterInit');
  }
  handleConnection(): void {
    ran.push('handleConnection');
  }
  @SubscribeMessage('say')
  say(@MessageBody() text: string): string {
    return `heard ${text}`;
  }
}

class OverridingGateway extends ChatGateway {
  override handleConnection(): void {
    ran.push('overridden');
  }
}

class DecoratedAgainGateway extends ChatGateway {}
WebSocketGateway({ path: '/again' })(DecoratedAgainGateway);

@RoomGateway('/props/:room')
class PropertyGateway {
  readonly handleConnection = (): void => void ran.push('property');
  readonly handleDisconnect = (): void => void ran.push('property');
}

@RoomGateway('/bare/:room')
class BareGateway {}

@Injectable({ scope: Scope.REQUEST })
@RoomGateway('/scoped/:room')
class RequestScopedGateway {
  handleConnection(): void {
    ran.push('request scoped');
  }
}

@WebSocketGateway({ path: '/stock' })
class StockGateway {
  afterInit(): void {
    ran.push('stock');
  }
}

async function boot(
  providers: Type[],
  adapter?: 'home-made' | 'ws' | 'socket.io',
): Promise<Error | undefined> {
  const module = await Test.createTestingModule({ providers }).compile();
  const app = module.createNestApplication({ logger: false });
  try {
    if (adapter === 'home-made') app.useWebSocketAdapter(new HomeMadeAdapter(app));
    if (adapter === 'socket.io') app.useWebSocketAdapter(new IoAdapter(app));
    if (adapter === 'ws') app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    expect((app.getHttpServer() as Server).listening).toBe(adapter === undefined && !providers[0]);
    await app.close();
  }
}

describe('A room gateway in an app without RoomgateModule', () => {
  beforeEach(() => {
    ran.length = 0;
    opened.length = 0;
  });

  const gateways: [string, Type[]][] = [
    ['a gateway with hooks', [ChatGateway]],
    ['a subclass that overrides a hook', [OverridingGateway]],
    ['a subclass that is decorated as a stock gateway', [DecoratedAgainGateway]],
    ['hooks that are properties', [PropertyGateway]],
    ['a gateway without hooks and handlers', [BareGateway]],
    ['a gateway in request scope', [RequestScopedGateway]],
    ['a stock gateway in front of it', [StockGateway, ChatGateway]],
  ];
  const adapters = ['ws', 'socket.io', 'home-made', undefined] as const;

  it.each(gateways.flatMap(([name, types]) => adapters.map((it) => [name, it, types] as const)))(
    'does not boot: %s, adapter %s',
    async (_name, adapter, types) => {
      const failure = await boot(types, adapter);

      expect(failure).toMatchObject({ code: 'adapter_conflict' });
      expect(failure?.message).toMatch(
        /Gateway is a room gateway, but the app does not import RoomgateModule.* Add RoomgateModule\.forRoot\(/,
      );
      expect(opened).toEqual([]);
      expect(ran).toEqual([]);
    },
  );

  it('names every gateway of the app once, whichever module provides it', async () => {
    @Module({ providers: [BareGateway] })
    class FeatureModule {}
    const module = await Test.createTestingModule({
      imports: [FeatureModule],
      providers: [ChatGateway],
    }).compile();
    const app = module.createNestApplication({ logger: false });

    await expect(app.init()).rejects.toThrow(
      'ChatGateway, BareGateway are room gateways, but the app does not import RoomgateModule',
    );
    await app.close();
  });

  it('can still be made and called by a unit test', async () => {
    const module = await Test.createTestingModule({ providers: [ChatGateway] }).compile();
    const gateway = module.get(ChatGateway);

    gateway.handleConnection();

    expect(gateway.say('hello')).toBe('heard hello');
    expect(new ChatGateway().say('you')).toBe('heard you');
    expect(ran).toEqual(['handleConnection']);
    await module.close();
  });

  it('leaves an app alone that has no room gateway', async () => {
    const module = await Test.createTestingModule({
      providers: [StockGateway, { provide: 'filter', useClass: RoomgateFilter }],
    }).compile();
    expect(module.get(ModulesContainer)).toBeDefined();
    const app = module.createNestApplication({ logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.init();

    expect(ran).toEqual(['stock']);
    await app.close();
  });
});

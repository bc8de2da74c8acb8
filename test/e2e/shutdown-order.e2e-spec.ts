import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { Global, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, RoomgateModule } from 'nestjs-roomgate';
import { Deferred } from '../support/deferred.js';
import { dial } from '../support/dial.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = randomUUID();

/** Something that handlers use, which takes its time to go away. */
@Injectable()
class Store implements OnModuleDestroy {
  static events: string[] = [];
  static gone = new Deferred();
  #isGone = false;

  write(): string {
    if (this.#isGone) Store.events.push('written after the end');
    return 'written';
  }

  async onModuleDestroy(): Promise<void> {
    Store.events.push(`store ends, ${open?.node.registry.size} connections`);
    this.#isGone = true;
    await Store.gone.promise;
  }
}

@RoomGateway('/:room')
class StoreGateway {
  constructor(private readonly store: Store) {}

  @SubscribeMessage('write')
  write(): string {
    return this.store.write();
  }
}

@Module({ providers: [Store, StoreGateway], exports: [Store] })
class NearModule {}

@Global()
@Module({ providers: [Store], exports: [Store] })
class GlobalStoreModule {}

@Module({ imports: [GlobalStoreModule], providers: [StoreGateway] })
class FarModule {}

/** Ends every socket of the HTTP server when it is destroyed, as Apollo's drain plugin does. */
@Module({})
class HttpEndingModule implements OnModuleDestroy {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleDestroy(): void {
    Store.events.push('http ends');
    (this.host.httpAdapter.getHttpServer() as Server).closeAllConnections();
    for (const connection of open?.node.registry.all() ?? []) connection.terminate();
  }
}

let open: RoomApp | undefined;

describe('The end of an app', () => {
  beforeEach(() => {
    Store.events = [];
    Store.gone = new Deferred();
  });

  afterEach(async () => {
    Store.gone.resolve();
    await open?.close();
  });

  it.each([
    ['of the gateway module', [NearModule]],
    ['of a global module', [FarModule]],
    ['after a module that ends the HTTP server', [HttpEndingModule, NearModule]],
    ['before a module that ends the HTTP server', [FarModule, HttpEndingModule]],
  ])('closes members before the providers %s are destroyed', async (_name, imports) => {
    const app = await startRoomApp({ imports });
    open = app;
    const alice = await dial(app.port, `/${ROOM}`, app.issuer.mint({ rooms: [ROOM] }));
    expect(await alice.request('write')).toMatchObject({ event: 'ack', data: 'written' });

    const closing = app.app.close();
    await alice.expectClosed(1012);
    Store.gone.resolve();
    await closing;

    expect(alice.waiting.map(({ event }) => event)).toEqual(['goodbye']);
    expect(Store.events).toContain('store ends, 0 connections');
    expect(Store.events).not.toContain('written after the end');
  });

  it('waits for no provider of the app before it says goodbye, wherever RoomgateModule is imported', async () => {
    // The root of this app imports a module that imports the rest; RoomgateModule is nearer to the root than the store.
    const app = await startRoomApp({ imports: [FarModule] });
    open = app;
    const alice = await dial(app.port, `/${ROOM}`, app.issuer.mint({ rooms: [ROOM] }));

    const closing = app.app.close();
    await alice.expectClosed(1012);
    expect(Store.events).not.toContain('written after the end');
    Store.gone.resolve();
    await closing;
  });

  it('comes also when the app was never initialised', async () => {
    const { Test } = await import('@nestjs/testing');
    const { TestIssuer } = await import('nestjs-roomgate/testing');
    const issuers = [new TestIssuer().options];
    const module = await Test.createTestingModule({
      imports: [RoomgateModule.forRoot({ issuers })],
    }).compile();

    await expect(module.createNestApplication().close()).resolves.toBeUndefined();
  });
});

import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  RevocationService,
  RoomPublisher,
  RoomPublisherModule,
  RoomService,
} from 'nestjs-roomgate';
import type { TestConnection } from 'nestjs-roomgate/testing';
import { dial } from '../support/dial.js';
import { typeOf } from '../support/recording-engine.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';
import { SharedEngine } from '../support/shared-engine.js';

/** On two ports, with nothing in common but the engine. */
describe('Two nodes and a worker', () => {
  const room = randomUUID();
  let shared: SharedEngine;
  let apps: readonly [RoomApp, RoomApp];
  let worker: INestApplicationContext;

  beforeEach(async () => {
    shared = new SharedEngine();
    const start = (): Promise<RoomApp> =>
      startRoomApp({ defaultGateway: '/:room', engine: typeOf(shared.view()) });
    apps = [await start(), await start()];
    worker = await NestFactory.createApplicationContext(
      RoomPublisherModule.forRoot({ rooms: { default: {} }, engine: typeOf(shared.view()) }),
      { logger: false },
    );
  });
  afterEach(async () => {
    for (const app of [...apps, worker]) await app.close();
    expect(shared.views.size).toBe(0);
  });

  const enter = (app: RoomApp, sub: string): Promise<TestConnection> =>
    dial(app.port, `/${room}`, app.issuer.mint({ sub, rooms: [room] }));

  it('hear each other, and what one of them takes away is taken away on both', async () => {
    const [one, two] = apps;
    const alices = [await enter(one, 'alice'), await enter(two, 'alice')];
    const bobs = [await enter(one, 'bob'), await enter(two, 'bob')];
    const rooms = worker.get(RoomPublisher);
    await rooms.room(room).broadcast('news', 'of the worker');
    for (const client of [...alices, ...bobs])
      expect(await client.next()).toEqual({ event: 'news', data: 'of the worker', room });

    expect(await one.app.get(RevocationService).disconnect({ subject: 'alice' })).toBe(1);
    for (const alice of alices) await alice.expectClosed(4440);
    expect(await two.app.get(RoomService).reauthorize()).toEqual({ kept: 1, left: 0 });
    for (const bob of bobs) expect((await bob.request('echo', 1)).data).toBe(1);

    await rooms.room(room).close();
    for (const bob of bobs) await bob.expectClosed(4404);
  });
});

import { readFileSync } from 'node:fs';
import { Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MemoryEngine,
  RoomgateModule,
  RoomPublisher,
  RoomPublisherModule,
  type RoomPublisherOptions,
} from 'nestjs-roomgate';
import { TestIssuer } from 'nestjs-roomgate/testing';
import { resolvePublisherOptions } from '../../src/module/options.js';
import { refused } from '../support/caught.js';
import { ROOM } from '../support/live-room.js';
import { typeOf } from '../support/recording-engine.js';

const ROOMS = { orders: { history: true } };
const QUIET = { logger: false, abortOnError: false } as const;

/** Writes down when it is started and stopped. */
class LoggedEngine extends MemoryEngine {
  readonly log: string[] = [];

  override start(sink: Parameters<MemoryEngine['start']>[0]): void {
    this.log.push('start');
    sink.deliver('any', {} as never);
    sink.interrupted('any', {} as never);
    sink.presence('any', {} as never);
  }

  override stop(): void {
    this.log.push('stop');
  }
}

describe('RoomPublisherModule', () => {
  it('starts its engine, which may tell it whatever it likes, and stops it', async () => {
    const engine = new LoggedEngine();
    const app = await NestFactory.createApplicationContext(
      RoomPublisherModule.forRoot({ rooms: ROOMS, engine: typeOf(engine) }),
      QUIET,
    );
    expect(engine.log).toEqual(['start']);
    expect(await app.get(RoomPublisher).room(ROOM, 'orders').broadcast('paid')).toMatchObject({
      offset: 1,
    });
    await app.close();
    expect(engine.log).toEqual(['start', 'stop']);
  });

  it('is injectable everywhere, with options that come later', async () => {
    class Job {
      constructor(@Inject(RoomPublisher) readonly publisher: RoomPublisher) {}
    }
    @Module({ providers: [Job] })
    class JobModule {}
    @Module({
      imports: [
        JobModule,
        RoomPublisherModule.forRootAsync({
          useFactory: async () => ({ rooms: ROOMS }),
          engine: MemoryEngine,
        }),
      ],
    })
    class WorkerModule {}
    const app = await NestFactory.createApplicationContext(WorkerModule, QUIET);
    expect(app.get(Job, { strict: false }).publisher.room(ROOM, 'orders').name).toBe('orders');
    await app.close();
  });

  it('wants the engine of the nodes: to another one nobody listens', () => {
    expect(refused(() => RoomPublisherModule.forRoot({ rooms: ROOMS }))).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('"engine"') as string,
    });
  });

  it.each(['before', 'behind'])(
    'is refused %s RoomgateModule, which does all of it',
    async (at) => {
      const imports = [
        RoomPublisherModule.forRoot({ rooms: {}, engine: MemoryEngine }),
        RoomgateModule.forRoot({ issuers: [new TestIssuer().options] }),
      ];
      if (at === 'behind') imports.reverse();
      class AppModule {}
      const boot = NestFactory.create({ module: AppModule, imports }, QUIET);
      await expect(boot).rejects.toMatchObject({
        code: 'invalid_options',
        message: expect.stringContaining('leave RoomPublisherModule out') as string,
      });
    },
  );

  it.each<[string, object, string]>([
    ['an unknown option', { rooms: {}, issuers: [] }, 'Known options: maxOutboxBytes, rooms.'],
    ['no room names', { rooms: ['orders'] }, 'room names as keys'],
    ['a name that is none', { rooms: { Orders: {} } }, 'lower-case letters'],
    [
      'a history that is none',
      { rooms: { orders: { history: { size: 0 } } } },
      'orders.history.size',
    ],
    ['an outbox that is none', { rooms: {}, maxOutboxBytes: -1 }, '"maxOutboxBytes"'],
  ])('checks its options as RoomgateModule does: %s', async (_what, given, message) => {
    const options = { ...(given as RoomPublisherOptions), engine: MemoryEngine };
    const boot = NestFactory.createApplicationContext(RoomPublisherModule.forRoot(options), QUIET);
    await expect(boot).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuses a history that the nodes would refuse', async () => {
    const rooms = { orders: { history: { maxBytes: 2_000_000 } } };
    const boot = (maxOutboxBytes?: number) =>
      NestFactory.createApplicationContext(
        RoomPublisherModule.forRoot({ rooms, maxOutboxBytes, engine: MemoryEngine }),
        QUIET,
      );
    await expect(boot()).rejects.toMatchObject({ code: 'invalid_options' });
    await (await boot(4_000_000)).close();
  });

  it('is strict unless it is told that this is development or a test', () => {
    expect(resolvePublisherOptions({ rooms: {} }).strict).toBe(false);
    expect(resolvePublisherOptions({ rooms: {} }, true).strict).toBe(true);
  });

  it('loads no door, no socket and no gateway', () => {
    const loaded = loadedBy('module/room-publisher.module.ts');
    expect(loaded.size).toBeGreaterThan(15);
    const others = [...loaded].filter((file) => !file.endsWith('.options.ts'));
    const foreign = others.filter((file) =>
      /^(adapter|gateway)\/|^ws$|connection\.ts$|socket/.test(file),
    );
    expect(foreign).toEqual([]);
    expect(loadedBy('module/roomgate.module.ts')).toContain('ws');
  });
});

/** What a file of src loads, and what that loads: files of src, and packages. Types do not count. */
function loadedBy(file: string, found = new Set<string>()): Set<string> {
  found.add(file);
  const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
  for (const [, clause, from = ''] of source.matchAll(/^import ([^'"]*?)from '([^']+)';/gms)) {
    if (clause?.startsWith('type ')) continue;
    const target = from.startsWith('.')
      ? new URL(from.replace(/\.js$/, '.ts'), `src:/${file}`).pathname.slice(1)
      : from;
    if (found.has(target)) continue;
    if (from.startsWith('.')) loadedBy(target, found);
    else found.add(target);
  }
  return found;
}

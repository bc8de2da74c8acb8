import {
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { BaseWsExceptionFilter, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { RoomGateway, Unordered } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestbedOptions,
} from 'nestjs-roomgate/testing';
import type { Observable } from 'rxjs';
import { Deferred } from '../support/deferred.js';

const log: string[] = [];
let slow = new Deferred();

class PlainInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle() as Observable<unknown>;
  }
}

class Handlers {
  async run(name: string): Promise<string> {
    log.push(`${name} begins`);
    if (name.startsWith('slow')) await slow.promise;
    if (name.endsWith('fails')) throw new Error('canary');
    log.push(`${name} ends`);
    return name;
  }
}

@RoomGateway('/:room')
class PlainGateway extends Handlers {
  @SubscribeMessage('run')
  ordered(@MessageBody() name: string): Promise<string> {
    return this.run(name);
  }

  @Unordered()
  @SubscribeMessage('aside')
  aside(@MessageBody() name: string): Promise<string> {
    return this.run(name);
  }
}

@UseInterceptors(PlainInterceptor)
@RoomGateway('/:room')
class InterceptedGateway extends PlainGateway {}

@UseFilters(BaseWsExceptionFilter)
@RoomGateway('/:room')
class FilteredGateway extends PlainGateway {}

describe.each<[string, TestbedOptions]>([
  ['nothing', { providers: [PlainGateway] }],
  ['an interceptor of the class', { providers: [InterceptedGateway] }],
  ['a filter of the class', { providers: [FilteredGateway] }],
  [
    'an APP_INTERCEPTOR',
    { providers: [PlainGateway, { provide: APP_INTERCEPTOR, useClass: PlainInterceptor }] },
  ],
  [
    'a global interceptor',
    {
      providers: [PlainGateway],
      configure: (app) => app.useGlobalInterceptors(new PlainInterceptor()),
    },
  ],
])('The messages of one connection, with %s around the handlers', (_, options) => {
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed(options);
  });
  beforeEach(() => {
    slow = new Deferred();
    log.length = 0;
  });
  afterAll(() => testbed.close());

  it('are handled one at a time, in order', async () => {
    const alice = await testbed.connectAs();
    const replies = ['slow 1', '2', '3'].map((name) => alice.request('run', name));
    await testbed.settle();
    expect(log).toEqual(['slow 1 begins']);
    slow.resolve();
    expect((await Promise.all(replies)).map(({ data }) => data as string)).toEqual([
      'slow 1',
      '2',
      '3',
    ]);
    expect(log).toEqual(['slow 1', '2', '3'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('go on after one that fails', async () => {
    const alice = await testbed.connectAs();
    const replies = ['slow one fails', 'next'].map((name) => alice.request('run', name));
    await testbed.settle();
    slow.resolve();
    expect((await Promise.all(replies)).map(({ event }) => event)).toEqual(['exception', 'ack']);
  });

  it('do not wait for those of another connection', async () => {
    const alice = await testbed.connectAs();
    const bob = await testbed.connectAs();
    alice.send('run', 'slow');
    await testbed.settle();
    expect(await bob.request('run', 'fast')).toMatchObject({ data: 'fast' });
    slow.resolve();
  });

  it('go on when a handler takes too long, and its late result goes nowhere', async () => {
    const alice = await testbed.connectAs();
    const first = alice.request('run', 'slow');
    const second = alice.request('run', '2');
    await testbed.settle();
    await testbed.advance(29_000);
    expect(log).toEqual(['slow begins']);
    await testbed.advance(1_500);
    expect(await first).toMatchObject({
      event: 'exception',
      data: { code: 'handler_timeout', temporary: true },
    });
    expect(await second).toMatchObject({ event: 'ack', data: '2' });
    slow.resolve();
    await testbed.settle();
    expect(log.at(-1)).toBe('slow ends');
    expect(alice.waiting).toEqual([]);
    expect(await alice.request('run', '3')).toMatchObject({ data: '3' });
  });

  it('may be handled aside when their event says so', async () => {
    const alice = await testbed.connectAs();
    const aside = alice.request('aside', 'slow');
    const late = alice.request('aside', 'slow late');
    expect(await alice.request('run', '2')).toMatchObject({ data: '2' });
    await testbed.advance(31_000);
    expect(await aside).toMatchObject({ data: { code: 'handler_timeout' } });
    expect(await late).toMatchObject({ data: { code: 'handler_timeout' } });
    expect(await alice.request('run', '3')).toMatchObject({ data: '3' });
    slow.resolve();
  });
});

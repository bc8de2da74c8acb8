import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  BaseWsExceptionFilter,
  MessageBody,
  SubscribeMessage,
  WsException,
} from '@nestjs/websockets';
import { type MessageContext, RequireScope, RoomGateway } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { EMPTY, map, type Observable, of } from 'rxjs';

class Known extends Error {}
class Unknown extends Error {}

@Catch(Known)
class SilentFilter implements ExceptionFilter {
  catch(): void {}
}

@Catch(Known)
class AnsweringFilter implements ExceptionFilter {
  catch(_: unknown, host: ArgumentsHost): void {
    host.getArgByIndex<MessageContext>(2).reply('sorry', 'own words');
  }
}

@Catch(Known)
class BrokenFilter implements ExceptionFilter {
  catch(): void {
    throw new Error('canary of a filter');
  }
}

class Exclaim implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value) => (typeof value === 'string' ? `${value}!` : value)));
  }
}

class Never implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Handlers {
  @SubscribeMessage('known')
  known(): void {
    throw new Known();
  }

  @SubscribeMessage('unknown')
  unknown(): void {
    throw new Unknown();
  }

  @SubscribeMessage('ws')
  ws(@MessageBody() data: unknown): void {
    throw new WsException(`no: ${typeof data}`);
  }

  @SubscribeMessage('fine')
  fine(@MessageBody() data: unknown): unknown {
    return data === 'empty' ? EMPTY : data === 'one' ? of({ event: 'said', data: 1 }) : data;
  }

  @UseGuards(Never)
  @SubscribeMessage('guarded')
  guarded(): string {
    return 'handled';
  }

  @RequireScope('never:granted')
  @SubscribeMessage('scoped')
  scoped(): string {
    return 'handled';
  }
}

@RoomGateway('/silent/:room', { rooms: 'silent' })
@UseFilters(SilentFilter)
class Silent extends Handlers {}

@UseFilters(AnsweringFilter)
@RoomGateway('/answering/:room', { rooms: 'answering' })
class Answering extends Handlers {}

@UseFilters(new AnsweringFilter())
@UseInterceptors(Exclaim)
@RoomGateway('/intercepted/:room', { rooms: 'intercepted' })
class Intercepted extends Handlers {}

@UseFilters(BrokenFilter)
@RoomGateway('/broken/:room', { rooms: 'broken' })
class Broken extends Handlers {}

@UseFilters(BaseWsExceptionFilter)
@RoomGateway('/stock/:room', { rooms: 'stock' })
class Stock extends Handlers {}

@RoomGateway('/method/:room', { rooms: 'method' })
class OnMethod extends Handlers {
  @UseFilters(AnsweringFilter)
  @SubscribeMessage('own')
  own(@MessageBody() data: unknown): unknown {
    if (data === 'throw') throw new Known();
    return data;
  }
}

const exception = (code: string): object => ({
  event: 'exception',
  data: expect.objectContaining({ code }) as unknown,
});
const internal = exception('internal');
const sorry = { event: 'sorry', data: 'own words' };

describe('Filters of the app', () => {
  let testbed: RoomgateTestbed;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({
      providers: [Silent, Answering, Intercepted, Broken, Stock, OnMethod],
    });
  });
  afterAll(() => testbed.close());

  const connect = (name: string): Promise<TestConnection> => {
    const room = '0198a1c2-7b3d-4e5f-8a9b-0c1d2e3f4a5b';
    return testbed.connectAs({ rooms: [room], path: `/${name}/${room}` });
  };

  it.each<[string, string, unknown, object]>([
    ['silent', 'known', 1, internal],
    ['silent', 'unknown', 1, internal],
    ['silent', 'ws', 1, exception('rejected')],
    ['silent', 'fine', 1, { event: 'ack', data: 1 }],
    ['silent', 'fine', undefined, { event: 'ack' }],
    ['silent', 'fine', 'one', { event: 'said', data: 1 }],
    ['silent', 'guarded', 1, exception('forbidden')],
    ['silent', 'scoped', 1, exception('insufficient_scope')],
    ['answering', 'known', 1, sorry],
    ['answering', 'unknown', 1, internal],
    ['answering', 'fine', { event: 'e', data: 2 }, { event: 'e', data: 2 }],
    ['intercepted', 'known', 1, sorry],
    ['intercepted', 'fine', 'hi', { event: 'ack', data: 'hi!' }],
    ['intercepted', 'scoped', 1, exception('insufficient_scope')],
    ['broken', 'known', 1, internal],
    ['broken', 'ws', 1, exception('rejected')],
    ['broken', 'fine', 0, { event: 'ack', data: 0 }],
    ['method', 'own', 'throw', sorry],
    ['method', 'own', 5, { event: 'ack', data: 5 }],
    ['method', 'known', 1, internal],
  ])(
    'come before ours, and leave one reply to each id: %s, %s (%#)',
    async (name, event, data, reply) => {
      const alice = await connect(name);
      alice.send(event, data, 7);
      await testbed.settle();
      expect(alice.waiting).toEqual([{ ...reply, id: 7 }]);
      await alice.close();
    },
  );

  it('of Nest speak without the id and without what the client sent; the id still gets its reply', async () => {
    const alice = await connect('stock');
    alice.send('ws', 'canary', 7);
    alice.send('known', 'canary', 8);
    await testbed.settle();
    expect(alice.waiting).toEqual([
      { event: 'exception', data: { status: 'error', message: 'no: string' } },
      { ...internal, id: 7 },
      { event: 'exception', data: { status: 'error', message: 'Internal server error' } },
      { ...internal, id: 8 },
    ]);
  });

  it('may say nothing at all to a message without an id', async () => {
    const alice = await connect('silent');
    alice.send('known');
    await testbed.settle();
    expect(alice.waiting).toEqual([]);
  });
});

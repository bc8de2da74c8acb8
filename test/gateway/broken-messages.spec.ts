import {
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type NestInterceptor,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import { RequireClaims, RoomGateway } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { inProduction } from '../support/env.js';
import { FAULTS, RESULT_FAULTS } from '../support/broken-hooks.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { nodeOf } from '../support/node-of.js';

let fault: () => unknown = () => undefined;

class Broken implements CanActivate, NestInterceptor, PipeTransform {
  canActivate(): boolean {
    return fault() as boolean;
  }

  intercept(): never {
    return fault() as never;
  }

  transform(): unknown {
    return fault();
  }
}

@Catch()
class BrokenFilter implements ExceptionFilter {
  catch(): unknown {
    return fault();
  }
}

const schema = { '~standard': { version: 1, vendor: 'test', validate: () => fault() } } as never;

@RoomGateway('/:room')
class BrokenGateway {
  @SubscribeMessage('handler')
  handler(): unknown {
    return fault();
  }

  @UseGuards(Broken)
  @SubscribeMessage('guard')
  guard(): void {}

  @UseInterceptors(Broken)
  @SubscribeMessage('interceptor')
  interceptor(): void {}

  @SubscribeMessage('pipe')
  pipe(@MessageBody(Broken) _data: unknown): void {}

  @SubscribeMessage('schema')
  schema(@MessageBody({ schema }) _data: unknown): void {}

  @RequireClaims(() => fault() as boolean)
  @SubscribeMessage('requirement')
  requirement(): void {}

  @UseFilters(BrokenFilter)
  @SubscribeMessage('filter')
  filter(): void {
    throw new Error('canary');
  }

  @UseFilters(new BrokenFilter())
  @SubscribeMessage('filter of a stream')
  filtered(): unknown {
    return RESULT_FAULTS['an Observable that errs']?.();
  }

  @SubscribeMessage('nothing said')
  nothingSaid(): void {
    throw new WsException(undefined as never);
  }

  @SubscribeMessage('fine')
  fine(): string {
    return 'fine';
  }
}

const PLACES = [
  'handler',
  'guard',
  'interceptor',
  'pipe',
  'schema',
  'requirement',
  'filter',
  'filter of a stream',
];

/** An exception that nobody catches would fail the running test: Jest hears of it before we could. */
describe('What an application does to a message', () => {
  const logger = new CapturedLogger();
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeAll(async () => {
    testbed = await inProduction(() =>
      createRoomgateTestbed({
        providers: [BrokenGateway, Broken, BrokenFilter],
        configure: (app) => app.useLogger(logger),
      }),
    );
    alice = await testbed.connectAs();
  });
  afterEach(() => {
    expect(logger.text).not.toContain('canary');
    fault = () => undefined;
  });
  afterAll(() => testbed.close());

  async function expectCostsOne(event: string): Promise<void> {
    const { event: answer, data } = await alice.request(event, {});
    expect([answer, typeof (data as { code?: unknown }).code]).toEqual(['exception', 'string']);
    await testbed.settle();
    expect((await alice.request('fine')).data).toBe('fine');
    expect(nodeOf(testbed).registry.size).toBe(1);
  }

  const cases = PLACES.flatMap((place) => Object.keys(FAULTS).map((how) => [place, how] as const));
  it.each(cases)('costs that one message: the %s %s', async (place, how) => {
    fault = FAULTS[how] as () => unknown;
    await expectCostsOne(place);
  });

  it('costs that one message: an exception of nothing', async () => {
    await expectCostsOne('nothing said');
  });

  const results = Object.keys(RESULT_FAULTS).filter((what) => !/never|let go/.test(what));
  it.each(results)('costs that one message: the handler returns %s', async (what) => {
    fault = RESULT_FAULTS[what] as () => unknown;
    await expectCostsOne('handler');
  });

  it('costs that one message: the handler never ends', async () => {
    fault = () => new Promise(() => {});
    const reply = alice.request('handler');
    await testbed.settle();
    await testbed.advance(30_250);
    expect((await reply).data).toMatchObject({ code: 'handler_timeout' });
    expect((await alice.request('fine')).data).toBe('fine');
  });

  it('costs nobody anything: a stream that fails when its connection has gone', async () => {
    const bob = await testbed.connectAs();
    fault = RESULT_FAULTS['an Observable that throws when it is let go'] as () => unknown;
    for (let n = 0; n < 3; n++) bob.send('handler');
    await testbed.settle();
    bob.socket.terminate();
    await testbed.settle();
    expect(nodeOf(testbed).registry.size).toBe(1);
    expect((await alice.request('fine')).data).toBe('fine');
  });
});

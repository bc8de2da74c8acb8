import {
  Catch,
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  StandardSchemaValidationPipe,
  UseFilters,
  UsePipes,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  CurrentConnection,
  InvalidDataException,
  type MessageContext,
  type RoomConnection,
  RoomGateway,
} from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { inProduction } from '../support/env.js';
import { CANARY, expectNoCanary } from '../support/canary.js';
import { CapturedLogger } from '../support/captured-logger.js';
import { failedBoot } from '../support/failed-boot.js';
import { digits, issuesAt, type Order, order, schema } from '../support/schemas.js';

const held = schema<string>(async (value) => {
  await new Promise((resolve) => setImmediate(resolve));
  return typeof value === 'string' ? { value: `${value}!` } : issuesAt(value, ['later']);
});
const anything = schema((value) => ({ value }));
const many = schema((value) =>
  issuesAt(value, ...Array.from({ length: 500 }, (_, n) => ['list', n])),
);
const records = schema((value) =>
  issuesAt(value, ...Object.keys(value as object).map((key) => ['prices', key])),
);
const throwing = schema((value) => {
  throw new Error(`Cannot ${String(value)}`);
});
const rejecting = schema((value) => Promise.reject(new Error(`Cannot ${String(value)}`)));
const lying = schema(() => ({ issues: 1 }) as never);
const never = schema(() => new Promise<never>(() => {}));

class Doubling implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'number' ? value * 2 : value;
  }
}

const CurrentEvent = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.getArgByIndex<MessageContext>(2).event,
);

@Catch(InvalidDataException)
class CountingFilter {
  catch({ paths }: InvalidDataException, host: ExecutionContext): void {
    host.getArgByIndex<MessageContext>(2).reply('refused', paths.length);
  }
}

class Inherited {
  @SubscribeMessage('inherited')
  inherited(@MessageBody({ schema: digits }) n: number): unknown {
    return n;
  }
}

@RoomGateway('/:room')
class SchemaGateway extends Inherited {
  @SubscribeMessage('order')
  order(@MessageBody({ schema: order }) data: Order): unknown {
    return data;
  }

  @SubscribeMessage('digits')
  digits(
    @CurrentConnection() _: RoomConnection,
    @MessageBody({ schema: digits }) n: number,
  ): unknown {
    return n;
  }

  @SubscribeMessage('member')
  member(
    @MessageBody('n', { schema: digits }) n: number,
    @MessageBody('order', { schema: order }) data: Order,
    @CurrentEvent() event: string,
  ): unknown {
    return [n, data, event];
  }

  @SubscribeMessage('doubled')
  doubled(@MessageBody({ schema: digits, pipes: [Doubling] }) n: number): unknown {
    return n;
  }

  @UsePipes(new StandardSchemaValidationPipe())
  @SubscribeMessage('twice')
  twice(
    @MessageBody({ schema: digits, pipes: [new StandardSchemaValidationPipe()] }) n: number,
  ): unknown {
    return n;
  }

  @SubscribeMessage('keys')
  keys(@MessageBody({ schema: anything }) data: object): unknown {
    return [Object.getPrototypeOf(data) === Object.prototype, ...Object.getOwnPropertyNames(data)];
  }

  @UseFilters(CountingFilter)
  @SubscribeMessage('filtered')
  filtered(@MessageBody({ schema: digits }) n: number): unknown {
    return n;
  }

  @SubscribeMessage('held')
  held(@MessageBody({ schema: held }) text: string): unknown {
    return text;
  }

  @SubscribeMessage('many')
  many(@MessageBody({ schema: many }) data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('records')
  records(@MessageBody({ schema: records }) data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('throwing')
  throwing(@MessageBody({ schema: throwing }) data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('rejecting')
  rejecting(@MessageBody({ schema: rejecting }) data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('lying')
  lying(@MessageBody({ schema: lying }) data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('never')
  never(@MessageBody({ schema: never }) data: unknown): unknown {
    return data;
  }
}

const GLOBAL_PIPES = [
  ['no global pipe', []],
  [
    'a global StandardSchemaValidationPipe',
    [{ provide: APP_PIPE, useClass: StandardSchemaValidationPipe }],
  ],
] as const;

describe.each(GLOBAL_PIPES)(
  '@MessageBody({ schema }) of a room gateway in an app with %s',
  (_, pipes) => {
    const logger = new CapturedLogger();
    let testbed: RoomgateTestbed;
    let alice: TestConnection;

    beforeAll(async () => {
      testbed = await inProduction(() =>
        createRoomgateTestbed({
          providers: [SchemaGateway, ...pipes],
          configure: (app) => app.useLogger(logger),
          roomgate: { maxStrikes: 1 },
        }),
      );
      alice = await testbed.connectAs();
    });
    afterAll(() => testbed.close());

    const paths = async (event: string, data?: unknown): Promise<unknown> => {
      const reply = await alice.request(event, data);
      const { paths, ...body } = reply.data as { paths: unknown };
      expect(reply.event).toBe('exception');
      expect(body).toEqual({
        status: 'error',
        code: 'bad_request',
        message: 'The data of the message is not valid.',
        temporary: false,
      });
      expectNoCanary(JSON.stringify(reply));
      return paths;
    };

    it('hands the handler what the schema made of the data', async () => {
      const reply = await alice.request('order', { text: ' hi ', other: 1 });
      expect(reply).toMatchObject({ event: 'ack', data: { text: 'hi', items: [] } });
    });

    it('answers where data does not fit, and neither values nor the words of the schema', async () => {
      expect(await paths('order', { text: 7, secret: CANARY })).toEqual(['text']);
      const items = [{ price: 1 }, {}, { price: CANARY }];
      expect(await paths('order', { items })).toEqual(['text', 'items[1].price', 'items[2].price']);
      expect(await paths('order', { text: '', items: CANARY })).toEqual(['items']);
    });

    it.each([undefined, null, CANARY, [], 1])('takes %j for what it is', async (data) => {
      expect(await paths('order', data)).toEqual(['text']);
      expect(await paths('digits', data)).toEqual(['']);
    });

    it('asks a schema once: one that would not take its own output', async () => {
      expect((await alice.request('digits', '12')).data).toBe(12);
      expect((await alice.request('twice', '12')).data).toBe(12);
      expect((await alice.request('inherited', '12')).data).toBe(12);
      expect(await paths('twice', CANARY)).toEqual(['']);
      expect(await paths('inherited', CANARY)).toEqual(['']);
    });

    it('hands its output to the pipes of the parameter', async () => {
      expect((await alice.request('doubled', '12')).data).toBe(24);
    });

    it('names the member that a parameter asks for', async () => {
      const good = { n: '1', order: { text: 'a' } };
      expect((await alice.request('member', good)).data).toEqual([
        1,
        { text: 'a', items: [] },
        'member',
      ]);
      expect(await paths('member', { ...good, n: CANARY })).toEqual(['n']);
      expect(await paths('member', { ...good, order: { items: [0] } })).toEqual([
        'order.text',
        'order.items[0].price',
      ]);
      // Nest asks both at once; whose schema says no first is the one that is heard.
      for (const data of [undefined, null, CANARY])
        expect([['n'], ['order.text']]).toContainEqual(await paths('member', data));
    });

    it('waits for schemas that need time', async () => {
      expect((await alice.request('held', 'hi')).data).toBe('hi!');
      expect(await paths('held', 7)).toEqual(['later']);
    });

    it('names ten paths, and no key that is not a name', async () => {
      const ten = Array.from({ length: 10 }, (_, n) => `list[${n}]`);
      expect(await paths('many', CANARY)).toEqual(ten);
      expect(await paths('records', { 'a b': 1, [`${CANARY} `]: 1, net: 1, 7: 1 })).toEqual([
        'prices[7]',
        'prices.*',
        'prices.net',
      ]);
    });

    it('leaves no key behind that could reach a prototype', async () => {
      alice.socket.send(
        '{"event":"keys","data":{"a":1,"__proto__":{"b":2},"constructor":3},"id":"keys"}',
      );
      expect(await alice.next('ack')).toMatchObject({ id: 'keys', data: [true, 'a'] });
    });

    it('lets filters of the app answer', async () => {
      expect(await alice.request('filtered', CANARY)).toMatchObject({ event: 'refused', data: 1 });
      expect((await alice.request('filtered', '3')).data).toBe(3);
    });

    it.each(['throwing', 'rejecting', 'lying'])(
      'is "internal" when a schema fails: %s',
      async (event) => {
        logger.text = '';
        const reply = await alice.request(event, CANARY);
        expect(reply).toMatchObject({ event: 'exception', data: { code: 'internal' } });
        expect(reply.data).not.toHaveProperty('paths');
        expect(logger.text).toContain(`The handler of "${event}" failed`);
        expectNoCanary(JSON.stringify(reply) + logger.text);
      },
    );

    it('is no strike, needs no id, and is not logged', async () => {
      logger.text = '';
      alice.send('digits', CANARY);
      expect((await alice.next('exception')).data).toMatchObject({ paths: [''] });
      expect(logger.text).toBe('');
    });

    it('ends with the time of a handler', async () => {
      alice.send('never', CANARY, 'never');
      await testbed.settle();
      await testbed.advance(31_000);
      expect((await alice.next('exception')).data).toMatchObject({ code: 'handler_timeout' });
    });
  },
);

it('What is not a Standard Schema makes boot fail, naming the handler', async () => {
  @RoomGateway('/:room')
  class MistakenGateway {
    @SubscribeMessage('say')
    say(@MessageBody({ schema: { type: 'string' } as never }) data: unknown): unknown {
      return data;
    }
  }
  expect(await failedBoot({ providers: [MistakenGateway] })).toMatchObject({
    code: 'invalid_options',
    message: expect.stringContaining('MistakenGateway.say') as string,
  });
});

it('InvalidDataException says the same over HTTP', async () => {
  const exceptionFactory = (issues: readonly StandardSchemaV1.Issue[]): unknown =>
    new InvalidDataException(issues);
  const pipe = new StandardSchemaValidationPipe({ exceptionFactory });
  await expect(pipe.transform({ text: 7 }, { type: 'body', schema: order })).rejects.toMatchObject({
    status: 400,
    response: { message: 'The data is not valid.', paths: ['text'] },
  });
});

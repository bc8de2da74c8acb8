import 'reflect-metadata';
import { BadRequestException, ValidationPipe, type ValidationPipeOptions } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsInt, IsString, Matches, ValidateNested } from 'class-validator';
import { RoomGateway } from 'nestjs-roomgate';
import {
  createRoomgateTestbed,
  type RoomgateTestbed,
  type TestConnection,
} from 'nestjs-roomgate/testing';
import { messagePaths } from '../../src/gateway/roomgate.filter.js';

const CANARY = 'canary4711';

class Line {
  @IsString()
  name!: string;

  @IsInt({ message: '$value is no amount, $property' })
  amount!: number;
}

class OrderDto {
  @IsInt()
  price!: number;

  @Matches(/^[a-z]+$/, { message: 'Please provide a colour, not $value' })
  colour!: string;

  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines!: Line[];
}

const PIPES: Record<string, ValidationPipeOptions> = {
  'as it comes': {},
  'with a whitelist': { whitelist: true, forbidNonWhitelisted: true },
  'with another status': { errorHttpStatusCode: 422, whitelist: true, forbidNonWhitelisted: true },
  'with the errors in a WsException': {
    whitelist: true,
    forbidNonWhitelisted: true,
    exceptionFactory: (errors) => new WsException(errors),
  },
  'with the errors in an HttpException': {
    forbidUnknownValues: true,
    exceptionFactory: (errors) => new BadRequestException(errors),
  },
};

@RoomGateway('/:room')
class OrderGateway {}
for (const [name, options] of Object.entries(PIPES)) {
  const descriptor = { value: (data: unknown) => data, configurable: true };
  Object.defineProperty(OrderGateway.prototype, name, descriptor);
  Reflect.defineMetadata('design:paramtypes', [OrderDto], OrderGateway.prototype, name);
  MessageBody(new ValidationPipe({ transform: true, ...options }))(OrderGateway.prototype, name, 0);
  SubscribeMessage(name)(OrderGateway.prototype, name, descriptor);
}

const BAD_ORDER = {
  price: CANARY,
  colour: `${CANARY} 7`,
  lines: [
    { name: 'pen', amount: 1 },
    { name: { [CANARY]: CANARY }, amount: CANARY, [CANARY]: 1 },
  ],
  [CANARY]: CANARY,
};

describe("The ValidationPipe of Nest, with class-validator's own classes", () => {
  let testbed: RoomgateTestbed;
  let alice: TestConnection;

  beforeAll(async () => {
    testbed = await createRoomgateTestbed({ providers: [OrderGateway] });
    alice = await testbed.connectAs();
  });
  afterAll(() => testbed.close());

  it.each(Object.keys(PIPES))(
    'is answered with the paths that the app declares, and with nothing that the client sent: %s',
    async (event) => {
      const reply = await alice.request(event, BAD_ORDER);

      expect(reply.data).toMatchObject({ status: 'error', code: 'bad_request', temporary: false });
      const { paths } = reply.data as { paths: string[] };
      expect(paths).toEqual(expect.arrayContaining(['price', 'lines[1].name']));
      expect(JSON.stringify(reply)).not.toContain(CANARY);
    },
  );

  it('passes on what is valid', async () => {
    const order = { price: 1, colour: 'blue', lines: [{ name: 'pen', amount: 1 }] };
    for (const event of Object.keys(PIPES))
      expect((await alice.request(event, order)).data).toEqual(order);
  });

  it('names a key that no class declares *', async () => {
    const order = { price: 1, colour: 'blue', lines: [], [CANARY]: 1 };
    for (const event of ['with a whitelist', 'with the errors in a WsException'])
      expect((await alice.request(event, order)).data).toMatchObject({ paths: ['*'] });
  });
});

describe('messagePaths', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['a text about a property', 'price must be an integer number', ['price']],
    ['a text about a property below', 'lines.1.name must be a string', ['lines[1].name']],
    ['a text in words of the app', 'Please provide a colour', ['*']],
    ['a text that begins with a value', `${CANARY} is no amount`, ['*']],
    ['a property that no class declares', `property ${CANARY} should not exist`, ['*']],
    ['such a property below', `lines.0.property ${CANARY} should not exist`, ['lines[0].*']],
    ['an empty text', '', ['*']],
    ['a text of dots', '...', ['*.*.*.*']],
    ['no text', 7, ['*']],
    ['null', null, ['*']],
    ['an error without children', { property: 'price', children: [] }, ['price']],
    ['children that are no list', { property: 'price', children: 'x' }, ['price']],
    [
      'children and constraints',
      { property: 'lines', constraints: { max: 'x' }, children: [{ property: '0' }] },
      ['lines', 'lines[0]'],
    ],
    ['__proto__', '__proto__ must not be', ['*']],
  ])('makes of %s what is safe to show', (_name, item, paths) => {
    expect(messagePaths([item])).toEqual(paths);
  });

  it('tells at most ten paths of at most 64 characters, however deep and long the list is', () => {
    let deep: unknown = { property: 'price' };
    for (let level = 0; level < 5_000; level++) deep = { property: 'lines', children: [deep] };
    const many = Array.from({ length: 500 }, (_, n) => `lines.${n}.name is bad`);

    expect(messagePaths([deep])[0]?.length).toBe(64);
    expect(messagePaths(many)).toHaveLength(10);
  });
});

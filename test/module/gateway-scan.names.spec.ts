import { Injectable, type Type } from '@nestjs/common';
import type { RoomGatewayOptions } from '../../src/gateway/room-gateway.decorator.js';
import { type Boot, failedBoot } from '../support/failed-boot.js';
import { gateway } from '../support/made-gateways.js';
import { OrdersPolicy } from '../support/policies-of-boot.js';

const boot = (...providers: NonNullable<Boot['providers']>): ReturnType<typeof failedBoot> =>
  failedBoot({ providers });
const conflict = (message: string): object => ({ code: 'gateway_conflict', message });
const invalid = (message: string): object => ({ code: 'invalid_options', message });

describe('boot', () => {
  describe('refuses two paths to rooms of one name', () => {
    const both = (name: string): object =>
      conflict(
        `One and Two both serve rooms named "${name}". Name them with @RoomGateway(path, { rooms }); two paths share a name only with the same policy and scope.`,
      );

    it.each<[string, string, RoomGatewayOptions, RoomGatewayOptions]>([
      ['if nobody named them', 'default', {}, {}],
      ['if only the first is named', 'default', { rooms: 'default' }, {}],
      ['if only the second is named', 'default', {}, { rooms: 'default' }],
      [
        'if their policies differ',
        'chat',
        { rooms: 'chat', policy: OrdersPolicy },
        { rooms: 'chat' },
      ],
      [
        'if their scopes differ',
        'chat',
        { rooms: 'chat', scope: 'a' },
        { rooms: 'chat', scope: 'b' },
      ],
    ])('%s', async (_name, rooms, one, two) => {
      const gateways = [gateway('One', '/v1/:room', one), gateway('Two', '/v2/:room', two)];
      expect(await boot(OrdersPolicy, ...gateways)).toEqual(both(rooms));
    });
  });

  it.each(['/:room', '/orders/:room', '/v1/chat/:room', '/:room/chat', '/A-b_9/:room'])(
    'takes the path %s',
    async (path) => {
      expect(await boot(gateway('Chat', path))).toBeUndefined();
    },
  );

  it.each([
    '',
    '/',
    ':room',
    '/chat',
    '/:id',
    '/:room/:room',
    '//:room',
    '/:room/',
    '/a b/:room',
    '/a.b/:room',
    '/%61/:room',
    '/*/:room',
    '/:room?',
    '/a/:rooms',
    '/00000000-0000-4000-8000-000000000000/:room',
  ])('refuses the path "%s"', async (path) => {
    expect(await boot(gateway('Chat', path))).toEqual(
      invalid(
        `Expected the path of Chat to be literal segments and one ":room" such as "/orders/:room", got "${path}".`,
      ),
    );
  });

  it.each(['', 'Orders', '1orders', 'orders/1', 'or:ders', 'x'.repeat(65)])(
    'refuses the room name "%s"',
    async (rooms) => {
      const quoted = rooms.length > 64 ? `${rooms.slice(0, 64)}…` : rooms;
      expect(await boot(gateway('Chat', '/:room', { rooms }))).toEqual(
        invalid(
          `Expected "rooms" of Chat to be a name of lower-case letters, digits, "-" and "_", got "${quoted}".`,
        ),
      );
    },
  );

  it.each(['', ' ', 'a  b', ' a', 'a"b', 'a\\b', 'a\r\nX: y', 'ä', 'a\tb'])(
    'refuses the scope %j, which is to stand in a header',
    async (scope) => {
      expect(await boot(gateway('Chat', '/:room', { scope }))).toEqual(
        invalid(
          `Expected "scope" of Chat to be scopes separated by spaces, got ${JSON.stringify(scope)}.`,
        ),
      );
    },
  );

  describe('refuses a policy', () => {
    const withPolicy = (policy: unknown, ...others: Type[]): ReturnType<typeof failedBoot> => {
      const options = { rooms: 'orders', policy } as RoomGatewayOptions;
      return boot(gateway('Orders', '/:room', options), ...others);
    };

    it.each([
      ['text', 'OrdersPolicy'],
      ['an instance', new OrdersPolicy()],
      ['null', null],
    ])('that is %s instead of a class', async (_name, policy) => {
      expect(await withPolicy(policy)).toEqual(
        invalid('Expected "policy" of Orders to be a class that the app provides.'),
      );
    });

    it('that nobody provides', async () => {
      expect(await withPolicy(OrdersPolicy)).toEqual(
        conflict(
          'The policy OrdersPolicy of the rooms named "orders" is not provided: add it to the providers of a module.',
        ),
      );
      expect(await withPolicy(OrdersPolicy, OrdersPolicy)).toBeUndefined();
    });

    it('that is none', async () => {
      @Injectable()
      class Anything {
        join = (): boolean => true;
      }
      expect(await withPolicy(Anything, Anything)).toEqual(
        conflict('The policy Anything does not extend RoomPolicy.'),
      );
    });
  });
});

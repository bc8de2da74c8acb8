import 'reflect-metadata';
import { Module, type Type } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { WsAdapter } from '@nestjs/platform-ws';
import type { RoomGatewayOptions } from '../../src/gateway/room-gateway.decorator.js';
import { RoomgateAdapter } from '../../src/adapter/roomgate.adapter.js';
import { type Boot, failedBoot } from '../support/failed-boot.js';
import { gateway, handle } from '../support/made-gateways.js';
import { OrdersPolicy, OtherPolicy } from '../support/policies-of-boot.js';

const boot = (...providers: NonNullable<Boot['providers']>): ReturnType<typeof failedBoot> =>
  failedBoot({ providers });
const conflict = (message: string): object => ({ code: 'gateway_conflict', message });

@WebSocketGateway()
class StockGateway {}

describe('boot', () => {
  it.each<[string, () => Type[]]>([
    ['no gateway', () => []],
    ['one gateway', () => [gateway('Chat', '/:room')]],
    [
      'two paths of different names',
      () => [gateway('Chat', '/:room'), gateway('Orders', '/orders/:room', { rooms: 'orders' })],
    ],
    [
      'two paths of one name with one policy and scope',
      () => [
        gateway('V1', '/v1/:room', { rooms: 'chat', scope: 'a' }),
        gateway('V2', '/v2/:room', { rooms: 'chat', scope: 'a' }),
      ],
    ],
    [
      'two classes that share a path and agree',
      () => [gateway('Say', '/:room', {}, ['say']), gateway('Echo', '/:room', {}, ['echo'])],
    ],
    [
      'a child that inherits its gateway',
      () => [class Child extends gateway('Parent', '/:room', {}, ['say']) {}],
    ],
  ])('comes up with %s', async (_name, gateways) => {
    expect(await boot(...gateways())).toBeUndefined();
  });

  describe('refuses a second door to one path:', () => {
    it.each<[string, RoomGatewayOptions]>([
      ['another name', { rooms: 'other' }],
      ['another policy', { policy: OtherPolicy }],
      ['another scope', { scope: 'chat:read' }],
    ])('%s', async (_name, options) => {
      const gateways = [
        gateway('Strict', '/:room', { policy: OrdersPolicy }),
        gateway('Lax', '/:room', { policy: OrdersPolicy, ...options }),
      ];
      expect(await boot(OrdersPolicy, OtherPolicy, ...gateways)).toEqual(
        conflict(
          'Strict and Lax share the path "/:room" but not their options, so a client admitted by one would reach the other.',
        ),
      );
    });

    it('the third of three classes is named with both others', async () => {
      const gateways = [
        gateway('A', '/:room', {}, ['a']),
        gateway('B', '/:room', {}, ['b']),
        gateway('C', '/:room', { scope: 'x' }),
      ];
      expect((await boot(...gateways))?.message).toMatch(
        /^A, B and C share the path "\/:room" but/,
      );
    });

    it('the same event twice', async () => {
      const gateways = [
        gateway('One', '/:room', {}, ['say']),
        gateway('Two', '/:room', {}, ['say']),
      ];
      expect(await boot(...gateways)).toEqual(
        conflict('One and Two share the path "/:room" and both handle the event "say".'),
      );
    });

    it('a child beside its parent', async () => {
      const Parent = gateway('Parent', '/:room', {}, ['say']);
      class Child extends Parent {}
      expect((await boot(Parent, Child))?.message).toMatch('Parent and Child share the path');
    });
  });

  describe('refuses a plain gateway', () => {
    const message =
      'StockGateway is a plain @WebSocketGateway, which nobody guards. Make it a @RoomGateway, or list it in the option "allowPlainGateways".';

    it('beside a room gateway and alone', async () => {
      expect(await boot(StockGateway)).toEqual(conflict(message));
      expect(await boot(gateway('Chat', '/:room'), StockGateway)).toEqual(conflict(message));
    });

    it('under a token of its own', async () => {
      expect(await boot({ provide: 'stock', useClass: StockGateway })).toEqual(conflict(message));
    });

    it('unless it is listed, and then that one only', async () => {
      @WebSocketGateway({ path: '/other' })
      class Other {}
      const roomgate = { allowPlainGateways: [StockGateway] };
      expect(await failedBoot({ roomgate, providers: [StockGateway] })).toBeUndefined();
      expect((await failedBoot({ roomgate, providers: [StockGateway, Other] }))?.message).toMatch(
        /^Other is a plain/,
      );
    });
  });

  it('refuses a gateway that two modules provide', async () => {
    const Chat = gateway('Chat', '/:room');
    @Module({ providers: [Chat] })
    class Feature {}
    expect(await failedBoot({ imports: [Feature], providers: [Chat] })).toEqual(
      conflict(
        'Chat is provided by two modules, so every message would be handled twice. Export it from one of them.',
      ),
    );
  });

  it.each<[string, (target: Type) => void]>([
    ['a port of its own', (target) => WebSocketGateway(8_081)(target)],
    ['a port and a path', (target) => WebSocketGateway(8_081, { path: '/:room' })(target)],
    ['another path', (target) => WebSocketGateway({ path: '/stock' })(target)],
    ['the same path', (target) => WebSocketGateway({ path: '/:room' })(target)],
    ['nothing', (target) => WebSocketGateway()(target)],
  ])('refuses a room gateway on which a @WebSocketGateway says %s', async (_name, decorate) => {
    const Chat = gateway('Chat', '/:room');
    decorate(Chat);
    expect(await boot(Chat)).toEqual(
      conflict(
        "Chat has @WebSocketGateway besides @RoomGateway. A room gateway runs on the app's own port and needs only @RoomGateway.",
      ),
    );
  });

  it.each([
    'hello',
    'ack',
    'exception',
    'goodbye',
    'gap',
    'auth.refresh',
    'room.join',
    'room.history',
    'presence.joined',
  ])('refuses a handler of the reserved event %s', async (event) => {
    const Chat = gateway('Chat', '/:room');
    handle(Chat, 'onIt', event);
    expect(await boot(Chat)).toEqual(
      conflict(`Chat.onIt handles the reserved event "${event}", which never reaches a handler.`),
    );
  });

  it('refuses two handlers of one event', async () => {
    const Chat = gateway('Chat', '/:room', {}, ['say']);
    handle(Chat, 'again', 'say');
    expect(await boot(Chat)).toEqual(conflict('Chat handles the event "say" twice.'));
  });

  describe('refuses another WebSocket adapter', () => {
    const configure: Boot['configure'] = (app) => app.useWebSocketAdapter(new WsAdapter(app));

    it('when there is a room gateway', async () => {
      expect(await failedBoot({ configure, providers: [gateway('Chat', '/:room')] })).toEqual({
        code: 'adapter_conflict',
        message:
          'Room gateways need RoomgateAdapter, but the app set another WebSocket adapter. Remove its app.useWebSocketAdapter(...): RoomgateModule installs its own.',
      });
    });

    it('but not when there is none, nor its own adapter set by hand', async () => {
      expect(await failedBoot({ configure })).toBeUndefined();
      const byHand: Boot['configure'] = (app) => app.useWebSocketAdapter(new RoomgateAdapter(app));
      const providers = [gateway('Chat', '/:room')];
      expect(await failedBoot({ configure: byHand, providers })).toBeUndefined();
    });
  });
});

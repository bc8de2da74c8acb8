import { nameGateway } from '../../../src/toolkit/schematics/room-gateway/names.js';

describe('nameGateway', () => {
  it('derives every name from the one typed', () => {
    expect(nameGateway({ name: 'shop/newOrders' })).toEqual({
      fileName: 'new-orders',
      className: 'NewOrdersGateway',
      roomName: 'new-orders',
      urlPath: '/new-orders/:room',
    });
  });

  it.each(['1st', '', `or'ders`, 'orders.v2', '-orders', 'a--b', 'bücher'])(
    'refuses the name %j: it would not make a class, or not stay inside quotes',
    (name) => {
      expect(() => nameGateway({ name })).toThrow(/cannot name a gateway: use letters/);
    },
  );

  it('refuses the name "room", which would make a class named as its decorator', () => {
    expect(() => nameGateway({ name: 'Room' })).toThrow(/class RoomGateway/);
  });

  it.each(['/:room', '/v1/shop/:room', '/:room/live', '/a_b-c/:room'])('takes %s', (urlPath) => {
    expect(nameGateway({ name: 'orders', urlPath }).urlPath).toBe(urlPath);
  });

  it.each([
    '',
    '/',
    '/orders',
    'orders/:room',
    '/:room/:room',
    '/:room/',
    '//:room',
    '/:rooms',
    `/'/:room`,
    '/v1.2/:room',
    '/:room?x=1',
  ])('refuses the path %j', (urlPath) => {
    expect(() => nameGateway({ name: 'orders', urlPath })).toThrow(
      `"${urlPath}" cannot be a gateway's path: write one like /orders/:room, with :room once.`,
    );
  });
});

import { type RoomRoute, RoomServer } from '../../src/adapter/room-server.js';
import type { ServerConnection } from '../../src/connection/connection.js';
import { refused } from '../support/caught.js';

const connection = {} as ServerConnection;

function route({ any = false, gateways = 1 } = {}): RoomRoute {
  const table = { hooks: { connect: 0, any }, attach: () => {} };
  return { path: '/orders/:room', table, gateways } as unknown as RoomRoute;
}

describe('RoomServer', () => {
  it.each([
    ['', '/orders/:room'],
    ['/api', '/api/orders/:room'],
    ['/api/v1', '/api/v1/orders/:room'],
  ])('stands behind the prefix "%s"', (prefix, text) => {
    expect(new RoomServer(route(), prefix).pattern.text).toBe(text);
  });

  it.each(['/:tenant', '/a.b', '/a//b', '/*', 'api', '/ä'])(
    'refuses the prefix "%s", quoting it',
    (prefix) => {
      const error = refused(() => new RoomServer(route(), prefix));
      expect(error?.code).toBe('gateway_conflict');
      expect(error?.message).toContain(
        `${JSON.stringify(prefix)} cannot stand before the room path "/orders/:room"`,
      );
    },
  );

  it.each([
    ['no hook and no other listener', {}, 1, 0],
    ['a hook', { any: true }, 1, 1],
    ['a listener of the application', {}, 2, 2],
    ['several gateways and nothing else', { gateways: 2 }, 2, 0],
  ])('tells of a new connection at once when there is %s', (_what, shape, listeners, told) => {
    const server = new RoomServer(route(shape), '');
    const heard: unknown[] = [];
    for (let i = 0; i < listeners; i++) server.on('connection', (client) => heard.push(client));
    server.greet(connection);
    expect(heard).toEqual(Array.from({ length: told }, () => connection));
  });

  it('tells of it when the handlers are needed', () => {
    const { table } = new RoomServer(route(), '').on('connection', (client) => {
      expect(client).toBe(connection);
    }).route;
    expect.assertions(1);
    table.attach(connection);
  });
});

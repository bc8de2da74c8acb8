import { eventually } from '../support/poll.js';
import { ask, RawClient, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

/** `new URL` would map many of these onto the room. */
describe('An upgrade request with a good token', () => {
  let app: RoomApp;

  beforeAll(async () => {
    app = await startRoomApp({ defaultGateway: '/:room' });
  });

  afterAll(() => app.close());

  it.each([
    ['two slashes before a host', `//evil/${ROOM}`, 404],
    ['two slashes', `//${ROOM}`, 404],
    ['a slash at the end', `/${ROOM}/`, 404],
    ['absolute form of another host', `http://evil.test/${ROOM}`, 400],
    ['absolute form of another port', `http://127.0.0.1:81/${ROOM}`, 400],
    ['absolute form with a user', `http://me@127.0.0.1/${ROOM}`, 400],
    ['absolute form with the host as a user', `http://127.0.0.1@evil.test/${ROOM}`, 400],
    ['absolute form without a host', `http:///${ROOM}`, 400],
    ['absolute form without a path', 'http://127.0.0.1', 400],
    ['absolute form of another scheme', `ftp://127.0.0.1/${ROOM}`, 400],
    ['absolute form, two slashes before the room', `http://127.0.0.1//${ROOM}`, 404],
    ['absolute form, an encoded dot segment', `http://127.0.0.1/x/%2e%2e/${ROOM}`, 404],
    ['absolute form, a dot segment', `http://127.0.0.1/x/../${ROOM}`, 404],
    ['absolute form, an encoded letter', `http://127.0.0.1/%61${ROOM.slice(1)}`, 404],
    ['absolute form, a fragment', `http://127.0.0.1/${ROOM}#x`, 404],
    ['absolute form twice', `http://127.0.0.1/http://127.0.0.1/${ROOM}`, 404],
    ['absolute form of a WebSocket URL', `ws://127.0.0.1/${ROOM}`, 400],
    ['an encoded dot segment', `/public/%2e%2e/${ROOM}`, 404],
    ['a dot segment', `/public/../${ROOM}`, 404],
    ['a backslash after the slash', `/\\${ROOM}`, 404],
    ['a fragment', `/${ROOM}#fragment`, 404],
    ['an encoded question mark', `/${ROOM}%3Fx`, 404],
    ['an encoded letter', `/%61${ROOM.slice(1)}`, 404],
    ['an encoded null byte', `/${ROOM}%00`, 404],
    ['path parameters', `/${ROOM};v=1`, 404],
    ['a UUID without hyphens', `/${ROOM.replaceAll('-', '')}`, 404],
    ['a UUID in braces', `/{${ROOM}}`, 404],
    ['a segment too much', `/x/${ROOM}`, 404],
    ['no room', '/', 404],
    ['a question mark before the room', `/?/${ROOM}`, 404],
    ['asterisk form', '*', 400],
  ])('is refused for its target: %s', async (_what, target, status) => {
    const bearer = `Authorization: Bearer ${app.issuer.mint({ rooms: [ROOM] })}`;
    const answer = await ask(app.port, upgradeBytes({ target, headers: [bearer] }));
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.headers['location']).toBeUndefined();
    expect(app.node.registry.size).toBe(0);
  });

  it.each([
    ['as it is', `http://127.0.0.1/${ROOM}`, 'Host: 127.0.0.1'],
    ['in capitals', `HTTP://LOCALHOST/${ROOM}`, 'Host: localhost'],
    ['with a query', `http://127.0.0.1/${ROOM}?x=1`, 'Host: 127.0.0.1'],
    ['with the default port', `http://127.0.0.1:80/${ROOM}`, 'Host: 127.0.0.1'],
    ['with a port', `http://127.0.0.1:3000/${ROOM}`, 'Host: 127.0.0.1:3000'],
    ['of IPv6', `http://[::1]:3000/${ROOM}`, 'Host: [::1]:3000'],
    ['of https', `https://chat.test/${ROOM}`, 'Host: chat.test'],
  ])(
    'is admitted in absolute form for our own host (RFC 9112): %s',
    async (_what, target, host) => {
      const bearer = `Authorization: Bearer ${app.issuer.mint({ rooms: [ROOM] })}`;
      const client = await RawClient.open(app.port);
      client.write(upgradeBytes({ target, headers: [host, bearer] }));
      expect((await client.head()).status).toBe(101);
      client.reset();
      await eventually(() => app.node.registry.size === 0, 'the connection to be gone');
    },
  );

  it('is asked for with an upgrade when a plain GET names the room in absolute form', async () => {
    const head = `GET http://127.0.0.1/${ROOM} HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
    const answer = await ask(app.port, `${head}Connection: close\r\n\r\n`);
    expect(answer.status).toBe(426);
  });
});

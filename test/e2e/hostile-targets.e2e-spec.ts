import { ask, upgradeBytes } from '../support/raw-http.js';
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
    ['absolute form', `http://127.0.0.1/${ROOM}`, 400],
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
});

import { randomUUID } from 'node:crypto';
import { ask, RawClient, type UpgradeLines, upgradeBytes } from '../support/raw-http.js';
import { maskedText, readFrames } from '../support/raw-frames.js';
import { eventually } from '../support/poll.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const BOTH_LENGTHS = ['Content-Length: 4', 'Transfer-Encoding: chunked'];
const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';

describe('An upgrade request that no library would send', () => {
  let app: RoomApp;
  let bearer: string;

  beforeAll(async () => {
    app = await startRoomApp({ defaultGateway: '/:room' });
    bearer = `Authorization: Bearer ${app.issuer.mint({ rooms: [ROOM] })}`;
  });

  afterAll(() => app.close());

  /** With a token that opens the room, so that nothing but the oddity can be why it is refused. */
  const odd = ({ headers = [], ...lines }: UpgradeLines): string =>
    upgradeBytes({ ...lines, headers: [...headers, bearer] });

  it('is admitted when nothing is odd about it', async () => {
    const client = await RawClient.open(app.port);
    client.write(odd({ target: `/${ROOM}` }));
    expect((await client.head()).status).toBe(101);
    client.reset();
  });

  it.each<[string, Omit<UpgradeLines, 'target'>, number, string]>([
    ['HTTP/1.0', { version: '1.0' }, 400, 'bad_request'],
    ['no Host', { without: ['host'] }, 400, 'bad_request'],
    ['two Hosts', { headers: ['Host: 127.0.0.1', 'Host: evil.test'] }, 400, 'bad_request'],
    ['the same Host twice', { headers: ['Host: a.test', 'Host: a.test'] }, 400, 'bad_request'],
    ['a body', { headers: ['Content-Length: 4'] }, 400, 'bad_request'],
    ['Transfer-Encoding', { headers: ['Transfer-Encoding: chunked'] }, 400, 'bad_request'],
    ['version 8', { headers: ['Sec-WebSocket-Version: 8'] }, 400, 'bad_upgrade'],
    ['version 13 with zeros', { headers: ['Sec-WebSocket-Version: 013'] }, 400, 'bad_upgrade'],
    ['two versions in one', { headers: ['Sec-WebSocket-Version: 13, 8'] }, 400, 'bad_upgrade'],
    ['no version', { without: ['sec-websocket-version'] }, 400, 'bad_upgrade'],
    ['no key', { without: ['sec-websocket-key'] }, 400, 'bad_upgrade'],
    ['a short key', { headers: ['Sec-WebSocket-Key: c2hvcnQ='] }, 400, 'bad_upgrade'],
    [
      'two keys',
      { headers: [1, 2].map(() => 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==') },
      400,
      'bad_upgrade',
    ],
    [
      'two origins',
      { headers: ['Origin: http://127.0.0.1', 'Origin: http://127.0.0.1'] },
      403,
      'origin_not_allowed',
    ],
    ['a second token', { headers: ['Authorization: Bearer x.y.z'] }, 400, 'multiple_credentials'],
    ['a method of its own', { method: 'POST' }, 405, 'method_not_allowed'],
    ['an empty Host', { headers: ['Host:'] }, 400, 'bad_request'],
    ['a Host with a user', { headers: ['Host: me@127.0.0.1'] }, 400, 'bad_request'],
    ['two Hosts in one', { headers: ['Host: a.test, b.test'] }, 400, 'bad_request'],
    [
      'another upgrade, which is ignored',
      { headers: ['Upgrade: h2c', 'Connection: close, upgrade'] },
      426,
      'upgrade_required',
    ],
  ])('is refused for %s', async (_what, lines, status, code) => {
    const answer = await ask(app.port, odd({ ...lines, target: `/${ROOM}` }));
    expect(answer.status).toBe(status);
    expect(JSON.parse(String(answer.body))).toMatchObject({ status, code });
    expect(app.node.registry.size).toBe(0);
  });

  it.each([
    ['in capitals', ['Upgrade: WebSocket']],
    ['first of two', ['Upgrade: websocket, h2c']],
    ['last of two', ['Upgrade: h2c,websocket']],
    ['in a header of its own', ['Upgrade: x', 'Upgrade: websocket']],
    ['named by Connection among others', ['Connection: keep-alive, Upgrade']],
  ])('is admitted when it offers WebSocket: %s', async (_what, headers) => {
    const client = await RawClient.open(app.port);
    client.write(odd({ target: `/${ROOM}`, headers }));
    const { status, headers: got } = await client.head();
    expect([status, got['upgrade']]).toEqual([101, 'websocket']);
    client.reset();
    await eventually(() => app.node.registry.size === 0, 'the connection to be gone');
  });

  it.each([
    ['two in one, separated by a comma', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['a comma at the end', (token: string) => `Bearer ${token},`],
  ])('is refused for joined credentials: %s', async (_what, make) => {
    const headers = [`Authorization: ${make(app.issuer.mint({ rooms: [ROOM] }))}`];
    const answer = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, headers }));
    expect(answer.status).toBe(400);
    expect(String(answer.body)).toContain('multiple_credentials');
  });

  it.each(['Bearer ', 'bearer ', 'BEARER ', 'bEaReR ', 'Bearer   '])(
    'is admitted with the scheme spelled "%s"',
    async (scheme) => {
      const headers = [`Authorization: ${scheme}${app.issuer.mint({ rooms: [ROOM] })}`];
      const client = await RawClient.open(app.port);
      client.write(upgradeBytes({ target: `/${ROOM}`, headers }));
      expect((await client.head()).status).toBe(101);
      client.reset();
    },
  );

  it.each([
    ['one', ['Sec-WebSocket-Protocol: chat']],
    ['a credential', ['Sec-WebSocket-Protocol: bearer, canary-of-a-token']],
    ['what is no list', ['Sec-WebSocket-Protocol: ,,;']],
    ['several headers', ['Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: b']],
  ])('never has a subprotocol echoed that it offers: %s', async (_what, headers) => {
    const client = await RawClient.open(app.port);
    client.write(odd({ target: `/${ROOM}`, headers }));
    const { status, headers: got } = await client.head();
    expect(status).toBe(101);
    expect(got['sec-websocket-protocol']).toBeUndefined();
    expect(got['sec-websocket-extensions']).toBeUndefined();
    client.reset();
  });

  it('has the messages that came in the same packet handled after the greeting, in order', async () => {
    const client = await RawClient.open(app.port);
    const say = [1, 2].map((id) => maskedText(`{"event":"echo","data":${id},"id":${id}}`));
    client.write(Buffer.concat([Buffer.from(odd({ target: `/${ROOM}` })), ...say]));
    const isEnough = (bytes: Buffer): boolean => framesOf(bytes).length === 3;
    const events = framesOf(await client.until(isEnough)).map(
      ({ payload }) => JSON.parse(String(payload)) as { event: string; id?: number },
    );
    expect(events.map(({ event, id }) => [event, id])).toEqual([
      ['hello', undefined],
      ['echo', 1],
      ['echo', 2],
    ]);
    client.reset();
  });

  it('has nothing handled of what came with it when it is refused', async () => {
    const bytes = upgradeBytes({ target: `/${ROOM}` });
    const say = maskedText('{"event":"echo","data":1,"id":1}');
    const answer = await ask(app.port, Buffer.concat([Buffer.from(bytes), say]));
    expect(answer.status).toBe(401);
    expect(answer.body.length).toBe(Number(answer.headers['content-length']));
  });

  it.each([
    ['one header', [`X-Long: ${'x'.repeat(20_000)}`]],
    ['the token', [`Authorization: Bearer ${'x'.repeat(20_000)}`]],
    ['all headers together', Array.from({ length: 500 }, (_, i) => `X-${i}: ${'x'.repeat(50)}`)],
  ])('is refused when it is too long: %s', async (_what, headers) => {
    const answer = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, headers }));
    expect(answer.status).toBe(431);
  });

  it.each([
    ['a backslash for the slash', { target: `\\${ROOM}` }],
    ['a tab in the target', { target: `/${ROOM}\t` }],
    ['a folded header', { target: `/${ROOM}`, headers: ['X-Folded: a\r\n b'] }],
    ['a body of two lengths', { target: `/${ROOM}`, headers: BOTH_LENGTHS }],
  ])('is refused by Node already: %s', async (_what, lines) => {
    expect((await ask(app.port, odd(lines))).status).toBe(400);
  });

  it('is refused when its token is longer than tokens may be', async () => {
    const headers = [`Authorization: Bearer ${'x'.repeat(8_193)}`];
    const answer = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, headers }));
    expect(answer.status).toBe(401);
  });

  it('leads to one room, however the UUID is spelled', async () => {
    const room = randomUUID();
    const token = app.issuer.mint({ rooms: [room] });
    const clients = await Promise.all(
      [room, room.toUpperCase()].map(async (spelled) => {
        const client = await RawClient.open(app.port);
        const headers = [`Authorization: Bearer ${token}`];
        client.write(upgradeBytes({ target: `/${spelled}`, headers }));
        await client.until((bytes) => framesOf(bytes).length === 1);
        return client;
      }),
    );
    const hellos = clients.map(({ received }) => String(framesOf(received)[0]?.payload));
    for (const hello of hellos) expect(hello).toContain(`"room":"${room}"`);
    expect(app.node.rooms.members(room)).toHaveLength(2);
    for (const client of clients) client.reset();
  });
});

function framesOf(bytes: Buffer): ReturnType<typeof readFrames> {
  const end = bytes.indexOf('\r\n\r\n');
  return end === -1 ? [] : readFrames(bytes.subarray(end + 4));
}

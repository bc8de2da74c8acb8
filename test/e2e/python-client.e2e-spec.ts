import { randomUUID } from 'node:crypto';
import { ask, upgradeBytes } from '../support/raw-http.js';
import { runPython } from '../support/python.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

interface Knock {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly first?: { readonly event: string; readonly data: { readonly room: string } };
}

/** Debian's python3-websocket: a client that we did not write, and the one that the first user has. */
describe('The websocket-client of Python', () => {
  const room = randomUUID();
  let app: RoomApp;
  let token: string;

  beforeAll(async () => {
    app = await startRoomApp({ defaultGateway: '/:room' });
    token = app.issuer.mint({ rooms: [room] });
  });

  afterAll(() => app.close());

  const knock = async (query: string, options: object): Promise<Knock> => {
    const url = `ws://127.0.0.1:${app.port}/${room}${query}`;
    return JSON.parse(await runPython('knock', [JSON.stringify({ url, ...options })])) as Knock;
  };

  it('is greeted, by the script as it was given', async () => {
    const args = ['127.0.0.1', String(app.port), room];
    expect(await runPython('auth_token', args, { TOKEN: token })).toBe('passed');
  });

  it('fails in that script without a good token', async () => {
    const args = ['127.0.0.1', String(app.port), room];
    await expect(runPython('auth_token', args, { TOKEN: `${token}x` })).rejects.toMatchObject({
      stderr: expect.stringContaining('401 Unauthorized') as string,
    });
  });

  it.each([
    ['Bearer', true],
    ['Bearer', false],
    ['bearer', true],
    ['bearer', false],
    ['BEARER', true],
    ['BEARER', false],
  ])('is greeted with the scheme %s, suppress_origin=%s', async (scheme, suppress_origin) => {
    const header = [`Authorization: ${scheme} ${token}`];
    const { status, first } = await knock('', { header, suppress_origin });
    expect(status).toBe(101);
    expect(first).toMatchObject({ event: 'hello', data: { room } });
  });

  it('is refused without a token', async () => {
    const { status, headers } = await knock('', {});
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer realm="roomgate"');
    expect(headers['content-type']).toBe('application/problem+json');
  });

  it.each([false, true])(
    'is refused with the token in the URL, with a header beside it: %s',
    async (isHeaderToo) => {
      const header = isHeaderToo ? [`Authorization: Bearer ${token}`] : [];
      for (const name of ['token', 'access_token']) {
        const { status, headers } = await knock(`?${name}=${token}`, { header });
        expect(status).toBe(400);
        expect(headers['www-authenticate']).toContain('error="invalid_request"');
        // This client drops the body of a refusal, so the same request is made without it.
        const target = `/${room}?${name}=${token}`;
        const { body } = await ask(app.port, upgradeBytes({ target, headers: header }));
        expect(String(body)).toContain('Authorization header');
        expect(String(body)).not.toContain(token);
      }
    },
  );

  it('speaks and hears in a room', async () => {
    const mint = (sub: string): string => app.issuer.mint({ sub, rooms: [room] });
    const url = `ws://127.0.0.1:${app.port}/${room}`;
    const tokens = { ALICE: mint('alice'), BOB: mint('bob') };
    expect(await runPython('say_and_hear', [url], tokens)).toBe('passed');
  });
});

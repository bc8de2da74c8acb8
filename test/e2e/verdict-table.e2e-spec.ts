import { expectProblem } from '../support/expect-problem.js';
import { type UpgradeLines } from '../support/raw-http.js';
import { type RoomApp, type RoomAppOptions, startRoomApp } from '../support/room-app.js';
import { bearerFor, knockAt, TARGET } from '../support/room-requests.js';

const CHALLENGE = 'Bearer realm="roomgate"';

/** Rows 1 to 6 of the verdict table, in its order: what is refused whoever asks. Tokens and rooms have files of their own. */
describe('The verdict on an upgrade request', () => {
  let app: RoomApp;

  const start = async (options: RoomAppOptions = {}): Promise<void> => {
    app = await startRoomApp({ defaultGateway: '/:room', ...options });
  };
  const bearer = (token?: string): string => bearerFor(app, token);
  const knock = (lines?: Partial<UpgradeLines>): ReturnType<typeof knockAt> => knockAt(app, lines);

  afterEach(() => app.close());

  describe('row 1, the node is draining', () => {
    it.each([
      ['a room', { target: TARGET }],
      ['what is not ours', { target: '/elsewhere' }],
      ['a malformed request for a room', { target: TARGET, method: 'POST' }],
    ])('is 503 with a delay for %s', async (_what, lines) => {
      await start();
      app.node.drain.begin();
      const headers = expectProblem(await knock(lines), 503, 'draining');
      expect(['1', '2']).toContain(headers['retry-after']);
    });
  });

  describe('row 2, not ours and nobody else listens', () => {
    it.each([
      ['no pattern matches', { target: '/orders/1' }],
      ['the id is not a UUID', { target: '/a3f1c2d4' }],
    ])('is 404 when %s', async (_what, lines) => {
      await start();
      expectProblem(await knock(lines), 404, 'not_found');
    });
  });

  describe('row 3, ours but not a WebSocket upgrade as RFC 6455 has it', () => {
    it('is 405 naming GET for another method', async () => {
      await start();
      const headers = expectProblem(await knock({ method: 'PUT' }), 405, 'method_not_allowed');
      expect(headers['allow']).toBe('GET');
    });

    it.each([
      ['key', { without: ['sec-websocket-key'] }],
      ['version', { headers: ['Sec-WebSocket-Version: 8'] }],
    ])('is 400 naming version 13 for a bad %s', async (_what, lines) => {
      await start();
      const headers = expectProblem(await knock(lines), 400, 'bad_upgrade');
      expect(headers['sec-websocket-version']).toBe('13');
    });

    it('is 405 without a body for HEAD, which never has one', async () => {
      await start();
      const { status, headers, body } = await knock({ method: 'HEAD' });
      expect([status, body.length]).toEqual([405, 0]);
      expect(Number(headers['content-length'])).toBeGreaterThan(0);
    });

    it('is 426 without a body for a plain HEAD', async () => {
      await start();
      const answer = await knock({ method: 'HEAD', without: ['upgrade', 'connection'] });
      expect([answer.status, answer.body.length]).toEqual([426, 0]);
    });

    it('is 426 naming the protocol for a plain GET', async () => {
      await start();
      const answer = await knock({ without: ['upgrade', 'connection'] });
      const headers = expectProblem(answer, 426, 'upgrade_required');
      expect([headers['upgrade'], headers['connection']]).toEqual(['websocket', 'Upgrade, close']);
      expect(String(answer.body)).toContain('Authorization header');
    });
  });

  describe('row 4, the page or the host is not allowed', () => {
    it.each(['http://evil.test', 'null', 'https://127.0.0.2', 'http://127.0.0.1:1', 'x'])(
      'is 403 for the origin %s',
      async (origin) => {
        await start();
        const answer = await knock({ headers: [bearer(), `Origin: ${origin}`] });
        expectProblem(answer, 403, 'origin_not_allowed');
      },
    );

    it('is 403 for a host that is not listed', async () => {
      await start({ roomgate: { allowedHosts: ['chat.test'] } });
      expectProblem(await knock(), 403, 'host_not_allowed');
    });
  });

  describe('row 6, a token in the query string or more than one credential', () => {
    it.each(['access_token', 'token', 'jwt', 'authorization', 'Access_Token', '%74oken'])(
      'is 400 naming where it was found and the header, for ?%s=',
      async (name) => {
        await start();
        const target = `${TARGET}?x=1&${name}=canary`;
        const answer = await knock({ target });
        const headers = expectProblem(answer, 400, 'token_in_query');
        expect(headers['www-authenticate']).toBe(`${CHALLENGE}, error="invalid_request"`);
        const { detail } = JSON.parse(String(answer.body)) as { detail: string };
        const found = decodeURIComponent(name).toLowerCase();
        expect(detail).toContain(`query string ("${found}")`);
        expect(detail).toContain('Authorization header');
        expect(detail).not.toContain('canary');
      },
    );

    it.each([
      ['two', () => [bearer(), bearer()], 'multiple_credentials'],
      ['two in one', () => [`${bearer()}, Bearer x`], 'multiple_credentials'],
      ['one of two words', () => [`${bearer()} x`], 'malformed_authorization'],
      ['one of none', () => ['Authorization: Bearer'], 'malformed_authorization'],
    ])('is 400 for the credentials: %s', async (_what, make, code) => {
      await start();
      const headers = expectProblem(await knock({ headers: make() }), 400, code);
      expect(headers['www-authenticate']).toBe(`${CHALLENGE}, error="invalid_request"`);
    });
  });
});

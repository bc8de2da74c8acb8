import { TestIssuer } from 'nestjs-roomgate/testing';
import { ThrowingVerifier } from '../support/broken-seams.js';
import { expectProblem } from '../support/expect-problem.js';
import { ScopedGateway } from '../support/gateways.js';
import { ask, upgradeBytes } from '../support/raw-http.js';
import { type RoomApp, startRoomApp } from '../support/room-app.js';

const ROOM = 'a3f1c2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
const HOUR = 3_600;
const INVALID = 'Bearer realm="roomgate", error="invalid_token"';

/** Rows of the verdict table that judge the token itself. */
describe('The verdict on a token', () => {
  let app: RoomApp;
  const knock = (token: string, room = ROOM): ReturnType<typeof ask> => {
    const headers = [`Authorization: Bearer ${token}`];
    return ask(app.port, upgradeBytes({ target: `/${room}`, headers }));
  };

  describe('row 7, no credential', () => {
    beforeAll(async () => {
      app = await startRoomApp({ defaultGateway: '/:room' });
    });
    afterAll(() => app.close());

    it.each([
      ['no_token', []],
      ['unsupported_scheme', ['Authorization: Basic YTpi']],
    ])('is 401 with a challenge that names no error: %s', async (code, headers) => {
      const answer = await ask(app.port, upgradeBytes({ target: `/${ROOM}`, headers }));
      const got = expectProblem(answer, 401, code);
      expect(got['www-authenticate']).toBe('Bearer realm="roomgate"');
    });
  });

  describe('row 8, it is not to be believed', () => {
    beforeAll(async () => {
      app = await startRoomApp({ defaultGateway: '/:room' });
    });
    afterAll(() => app.close());

    const now = (): number => app.clock.now() / 1000;
    const mint = (claims: object): string =>
      app.issuer.mint({ rooms: [ROOM], claims: { ...claims } });
    const stranger = new TestIssuer(() => app.clock.now());

    it.each<[string, () => string, string]>([
      ['not a JWT', () => 'x', 'token_invalid'],
      ['of empty parts', () => '..', 'token_invalid'],
      ['signed by a stranger', () => stranger.mint({ rooms: [ROOM] }), 'token_invalid'],
      ['unsigned', () => mint({}).replace(/[^.]+$/, 'AA'), 'token_invalid'],
      ['of another issuer', () => mint({ iss: 'https://evil.test' }), 'token_invalid'],
      ['for another audience', () => mint({ aud: 'other' }), 'token_invalid'],
      [
        'of another type',
        () => app.issuer.mint({ rooms: [ROOM] }, { typ: 'rt+jwt' }),
        'token_invalid',
      ],
      [
        'of another algorithm',
        () => app.issuer.mint({ rooms: [ROOM] }, { alg: 'ES384' }),
        'token_invalid',
      ],
      [
        'of no algorithm',
        () => app.issuer.mint({ rooms: [ROOM] }, { alg: 'none' }),
        'token_invalid',
      ],
      ['expired', () => mint({ exp: now() - 5 }), 'token_expired'],
      ['not yet valid', () => mint({ nbf: now() + 6 }), 'token_not_yet_valid'],
      ['issued in the future', () => mint({ iat: now() + 6 }), 'token_not_yet_valid'],
      ['without an expiry', () => mint({ exp: undefined }), 'token_invalid'],
      ['without a time of issue', () => mint({ iat: undefined }), 'token_invalid'],
      ['without a subject', () => mint({ sub: undefined }), 'token_invalid'],
      ['over the maximum life', () => mint({ exp: now() + 24 * HOUR + 1 }), 'token_invalid'],
    ])('is 401 naming an invalid token when it is %s', async (_what, make, code) => {
      const headers = expectProblem(await knock(make()), 401, code);
      expect(headers['www-authenticate']).toBe(INVALID);
    });

    it.each<[string, () => string]>([
      ['expired by less than the tolerance', () => mint({ exp: now() - 4 })],
      ['not yet valid by the tolerance', () => mint({ nbf: now() + 5 })],
      ['of the maximum life', () => mint({ exp: now() + 24 * HOUR })],
    ])('passes when it is %s', async (_what, make) => {
      // A room that the token does not open: far enough to see that the token was believed.
      const other = '00000000-0000-4000-8000-000000000000';
      expectProblem(await knock(make(), other), 403, 'room_forbidden');
    });
  });

  it('row 8, the verifier breaks: is 401, never 500', async () => {
    app = await startRoomApp({ defaultGateway: '/:room', verifier: ThrowingVerifier });
    const headers = expectProblem(await knock(app.issuer.mint()), 401, 'token_invalid');
    expect(headers['www-authenticate']).toBe(INVALID);
    await app.close();
  });

  describe('row 10, a scope of the gateway is missing', () => {
    beforeAll(async () => {
      app = await startRoomApp({ providers: [ScopedGateway] });
    });
    afterAll(() => app.close());

    it.each([undefined, '', 'orders:read', 'orders:write', 'orders:readx orders:write', 'orders'])(
      'is 403 naming all scopes that are needed, for a token with %j',
      async (scope) => {
        const token = app.issuer.mint({ rooms: [ROOM], scope });
        const headers = expectProblem(await knock(token), 403, 'insufficient_scope');
        expect(headers['www-authenticate']).toBe(
          'Bearer realm="roomgate", error="insufficient_scope", scope="orders:read orders:write"',
        );
      },
    );

    it('is asked before the room policy', async () => {
      const answer = await knock(app.issuer.mint({ rooms: [] }));
      expectProblem(answer, 403, 'insufficient_scope');
    });
  });
});

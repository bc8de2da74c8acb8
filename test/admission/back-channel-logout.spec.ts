import { Audit } from '../../src/admission/audit.js';
import { BackChannelLogout } from '../../src/admission/back-channel-logout.js';
import { loadIssuers } from '../../src/admission/issuer.js';
import { JwtTokenVerifier } from '../../src/admission/jwt-token-verifier.js';
import { identityOf } from '../../src/admission/principal.js';
import { type Revocation, RevocationStore } from '../../src/admission/revocation.js';
import {
  KeysUnavailableError,
  TokenRefusedError,
  type TokenVerifier,
} from '../../src/admission/token-verifier.js';
import { resolveOptions } from '../../src/roomgate.options.js';
import { LOGOUT_HEADER, logoutClaims, ODD_LOGOUTS } from '../support/logout-tokens.js';
import { RecordingSink } from '../support/recording-sink.js';
import { A, AUDIENCE, B, TwoIssuers } from '../support/two-issuers.js';
import { UNSIGNED_TOKENS } from './hostile-tokens.js';
import { MISSHAPEN } from './misshapen-tokens.js';

class Store extends RevocationStore {
  added: Revocation[] = [];
  onAdd: () => unknown = () => undefined;
  start(): void {}
  stop(): void {}
  add(revocation: Revocation): void {
    this.added.push(revocation);
    return this.onAdd() as undefined;
  }
}

describe('BackChannelLogout', () => {
  const by = new TwoIssuers();
  const { clock, nowS } = by;
  const real = new JwtTokenVerifier(loadIssuers(by.issuers, true), true);
  const sink = new RecordingSink();
  let store: Store;
  let logout: BackChannelLogout;

  const logoutWith = (verifier: TokenVerifier): BackChannelLogout =>
    new BackChannelLogout(
      { clock, verifier, store, audit: new Audit(sink, clock) },
      resolveOptions({}, false),
    );
  const mint = (others: object = {}, header: object = {}): string => {
    const claims = logoutClaims({ issuer: A, audience: AUDIENCE }, clock.now(), others);
    return by.token({ ...LOGOUT_HEADER, ...header }, JSON.stringify(claims));
  };

  beforeEach(() => {
    store = new Store();
    logout = logoutWith(real);
  });

  afterEach(() => {
    for (const { remark = '' } of sink.takeEvents()) expect(remark).toMatch(/^[a-z_]*$/);
  });

  const identity = identityOf(A, 'alice');
  const issuedBefore = nowS * 1000;

  it.each<[string, object, Revocation[]]>([
    [
      'what the subject was issued until then',
      { sub: 'alice' },
      [{ kind: 'subject', identity, issuedBefore, isSessionless: false }],
    ],
    [
      'the tokens of the session',
      { sid: 's1' },
      [{ kind: 'session', issuer: A, sid: 's1', issuedBefore }],
    ],
    [
      'the tokens of the session, and those of the subject without one',
      { sub: 'alice', sid: 's1' },
      [
        { kind: 'session', issuer: A, sid: 's1', issuedBefore },
        { kind: 'subject', identity, issuedBefore, isSessionless: true },
      ],
    ],
  ])('revokes %s', async (_what, claims, revocations) => {
    expect(await logout.receive(mint(claims))).toBe(200);
    expect(store.added).toEqual(revocations);
    expect(sink.take()).toEqual(['revoked logged_out']);
  });

  it('revokes by the time of the token, not of its coming', async () => {
    const token = mint({ sub: 'alice', iat: nowS - 60 });
    expect(await logout.receive(token)).toBe(200);
    expect(store.added).toMatchObject([{ issuedBefore: (nowS - 60) * 1000 }]);
  });

  it.each<[string, object, object]>([
    ['a type in other letters', {}, { typ: 'LOGOUT+JWT' }],
    ['its audience among others', { aud: ['mail', AUDIENCE] }, {}],
    ['an event with members', { events: { ...eventOf({ x: 1 }), other: {} } }, {}],
    ['claims that nobody knows', { trace: { id: 1 } }, {}],
  ])('takes a token with %s', async (_what, claims, header) => {
    expect(await logout.receive(mint({ sub: 'alice', ...claims }, header))).toBe(200);
  });

  it.each(ODD_LOGOUTS)('refuses a token with %s', async (_what, claims) => {
    expect(await logout.receive(mint({ sub: 'alice', ...claims }))).toBe(400);
    expect(store.added).toEqual([]);
    expect(sink.take()[0]).toMatch(/^refused logout_(claims|refused)$/);
  });

  it.each(['application/logout+jwt', 'Application/LOGOUT+jwt', 'logout+JWT'])(
    'takes a token of the type %s (RFC 7515 §4.1.9)',
    async (typ) => {
      expect(await logout.receive(mint({ sub: 'alice' }, { typ }))).toBe(200);
    },
  );

  it.each([
    'JWT',
    'at+jwt',
    'application/at+jwt',
    'logout',
    'logout+jws',
    'text/logout+jwt',
    'application/application/logout+jwt',
    '',
    'application/',
    undefined,
  ])('refuses a token of the type %s', async (typ) => {
    expect(await logout.receive(mint({ sub: 'alice' }, { typ }))).toBe(400);
    expect(sink.takeEvents()).toMatchObject([{ reason: 'logout_refused', remark: 'type' }]);
  });

  it.each([...MISSHAPEN, ...UNSIGNED_TOKENS])('refuses a token that %s', async (_what, make) => {
    expect(await logout.receive(make(by))).toBe(400);
    expect(store.added).toEqual([]);
  });

  it.each<[string, () => string]>([
    ['by another key', () => foreign(by.stranger.privateKey)],
    ["by another issuer's key", () => foreign(by.esOfB.privateKey)],
    ['for another issuer by this one', () => mint({ sub: 'alice', iss: B })],
    ['for another audience', () => mint({ sub: 'alice', aud: 'mail' })],
    ['by nobody', () => mint({ sub: 'alice' }).replace(/[^.]+$/, 'AAAA')],
    ['for nobody known', () => mint({ sub: 'alice', iss: 'https://c.test' })],
  ])('refuses a token that was signed %s', async (_what, make) => {
    expect(await logout.receive(make())).toBe(400);
    expect(store.added).toEqual([]);
  });

  function foreign(key: Parameters<TwoIssuers['token']>[2]): string {
    const claims = logoutClaims({ issuer: A, audience: AUDIENCE }, clock.now(), { sub: 'alice' });
    return by.token(LOGOUT_HEADER, JSON.stringify(claims), key);
  }

  it('obeys a token once, and another of the same jti and issuer not at all', async () => {
    const token = mint({ sub: 'alice', jti: 'j' });
    expect(await logout.receive(token)).toBe(200);
    expect(await logout.receive(token)).toBe(400);
    expect(await logout.receive(mint({ sub: 'bob', jti: 'j' }))).toBe(400);
    expect(store.added).toHaveLength(1);
    expect(sink.take().slice(1)).toEqual(Array(2).fill('refused logout_replayed'));
  });

  it('answers 503 when the store fails, and obeys the same token later', async () => {
    const token = mint({ sub: 'alice', sid: 's1' });
    for (const fail of [() => Promise.reject(new Error('down')), thrower(new Error('down'))]) {
      store.onAdd = fail;
      expect(await logout.receive(token)).toBe(503);
    }
    store.onAdd = () => undefined;
    expect(await logout.receive(token)).toBe(200);
  });

  it.each<[string, () => unknown, number]>([
    ['has no keys', thrower(new KeysUnavailableError()), 503],
    ['refuses', thrower(new TokenRefusedError('own_words')), 400],
    ['throws', thrower(new TypeError('x')), 400],
    ['rejects', () => Promise.reject(new Error('x')), 400],
    ['answers nonsense', () => undefined, 400],
  ])('answers when the verifier %s', async (_how, verifyLogout, status) => {
    const broken = { verifyLogout } as unknown as TokenVerifier;
    expect(await logoutWith(broken).receive(mint({ sub: 'alice' }))).toBe(status);
    expect(store.added).toEqual([]);
  });

  it('answers 503 after the deadline, and 429 when sixteen wait', async () => {
    store.onAdd = () => new Promise(() => undefined);
    const waiting = Array.from({ length: 16 }, () => logout.receive(mint({ sub: 'alice' })));
    expect(await logout.receive(mint({ sub: 'alice' }))).toBe(429);
    clock.advance(5_000);
    expect(await Promise.all(waiting)).toEqual(Array(16).fill(503));
    store.onAdd = () => undefined;
    expect(await logout.receive(mint({ sub: 'alice' }))).toBe(200);
    expect(clock.pending).toBe(0);
  });

  it('refuses a request without a token', async () => {
    expect(await logout.receive(undefined)).toBe(400);
    expect(sink.take()).toEqual(['refused logout_request']);
  });
});

function eventOf(value: object): object {
  return { 'http://schemas.openid.net/event/backchannel-logout': value };
}

function thrower(error: Error): () => never {
  return () => {
    throw error;
  };
}

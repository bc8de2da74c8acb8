import { jest } from '@jest/globals';
import type { IssuerOptions } from '../../src/index.js';
import type { RoomgateOptions } from '../../src/module/options.js';
import { UpgradeLimits } from '../../src/adapter/upgrade-limits.js';
import { Audit } from '../../src/admission/audit.js';
import { BackChannelLogout, type LogoutStatus } from '../../src/admission/back-channel-logout.js';
import { type Issuer, loadIssuers } from '../../src/admission/issuer.js';
import { JwtTokenVerifier } from '../../src/admission/jwt-token-verifier.js';
import { identityOf } from '../../src/admission/principal.js';
import { type Revocation, RevocationStore } from '../../src/admission/revocation.js';
import {
  KeysUnavailableError,
  TokenRefusedError,
  type TokenVerifier,
} from '../../src/admission/token-verifier.js';
import { Turnstile } from '../../src/admission/admission.js';
import { resolveOptions } from '../../src/module/options.js';
import { ecPair, type KeyPair } from '../support/key-ring.js';
import { LOGOUT_HEADER, logoutClaims, ODD_LOGOUTS } from '../support/logout-tokens.js';
import { RecordingSink } from '../support/recording-sink.js';
import { signToken } from '../support/sign-token.js';
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

  let turn: () => Promise<void> | undefined = () => undefined;
  let limits: UpgradeLimits;
  const logoutWith = (verifier: TokenVerifier): BackChannelLogout =>
    new BackChannelLogout(
      { clock, verifier, store, audit: new Audit(sink, clock), turn, limits },
      resolveOptions({}, false),
    );
  const limitsOf = (rules: Partial<RoomgateOptions> = {}): UpgradeLimits =>
    new UpgradeLimits({ ...resolveOptions({}, false), ...rules }, () => clock.elapsed());
  const mint = (others: object = {}, header: object = {}): string => {
    const claims = logoutClaims({ issuer: A, audience: AUDIENCE }, clock.now(), others);
    return by.token({ ...LOGOUT_HEADER, ...header }, JSON.stringify(claims));
  };

  beforeEach(() => {
    store = new Store();
    limits = limitsOf();
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
      [{ kind: 'subject', identity, issuedBefore, isSessionless: false, isExact: true }],
    ],
    ['the tokens of the session', { sid: 's1' }, [{ kind: 'session', issuer: A, sid: 's1' }]],
    [
      'the tokens of the session, and those of the subject without one',
      { sub: 'alice', sid: 's1' },
      [
        { kind: 'session', issuer: A, sid: 's1' },
        { kind: 'subject', identity, issuedBefore, isSessionless: true, isExact: true },
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
    expect(await logout.receive(mint({ sub: 'alice', iat: nowS - 1.25 }))).toBe(200);
    expect(store.added).toMatchObject([{}, { issuedBefore: (nowS - 2) * 1000 }]);
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

  it('obeys the same token later when the store did not answer in time', async () => {
    const token = mint({ sub: 'alice' });
    store.onAdd = () => new Promise(() => undefined);
    for (let n = 0; n < 2; n++) {
      const late = logout.receive(token);
      await nextTurn();
      clock.advance(5_000);
      expect(await late).toBe(503);
    }
    store.onAdd = () => undefined;
    expect(await logout.receive(token)).toBe(200);
    expect(await logout.receive(token)).toBe(400);
    expect(clock.pending).toBe(0);
  });

  it('stores a token once that comes twice at the same time', async () => {
    const token = mint({ sub: 'alice' });
    let stored = (): void => undefined;
    store.onAdd = () => new Promise<void>((resolve) => (stored = resolve));
    const both = [logout.receive(token), logout.receive(token)];
    await nextTurn();
    stored();
    expect(await Promise.all(both)).toEqual([200, 400]);
    expect(store.added).toHaveLength(1);
    expect(sink.take()).toEqual(['revoked logged_out', 'refused logout_replayed']);
  });

  it('answers 503 to both when a token comes twice at the same time and the store fails', async () => {
    const token = mint({ sub: 'alice' });
    let fail = (_error: Error): void => undefined;
    store.onAdd = () => new Promise<void>((_resolve, reject) => (fail = reject));
    const both = [logout.receive(token), logout.receive(token)];
    await nextTurn();
    fail(new Error('down'));
    expect(await Promise.all(both)).toEqual([503, 503]);
    expect(store.added).toHaveLength(1);
    store.onAdd = () => undefined;
    expect(await logout.receive(token)).toBe(200);
  });

  it('takes a token for obeyed when the store has it after the deadline', async () => {
    const token = mint({ sub: 'alice' });
    let stored = (): void => undefined;
    store.onAdd = () => new Promise<void>((resolve) => (stored = resolve));
    const late = logout.receive(token);
    await nextTurn();
    clock.advance(5_000);
    expect(await late).toBe(503);
    stored();
    await nextTurn();
    expect(await logout.receive(token)).toBe(400);
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

  it('answers 503 after the deadline, and 429 to an address of which fifty wait', async () => {
    store.onAdd = () => new Promise(() => undefined);
    const [address, other] = [{ address: '192.0.2.1' }, { address: '192.0.2.2' }];
    const send = (from: object): Promise<LogoutStatus> =>
      logout.receive(mint({ sub: 'alice' }), from);
    const waiting = Array.from({ length: 50 }, () => send(address));
    expect(await send(address)).toBe(429);
    waiting.push(send(other));
    await nextTurn();
    clock.advance(5_000);
    expect(await Promise.all(waiting)).toEqual(Array(51).fill(503));
    store.onAdd = () => undefined;
    expect(await send(address)).toBe(200);
    expect(clock.pending).toBe(0);
  });

  it('counts the attempts of an address, whatever they bring, before any token is looked at', async () => {
    limits = limitsOf({ maxUpgradesPerAddress: 2 });
    const verifyLogout = jest.fn(thrower(new TokenRefusedError('own_words')));
    const counted = logoutWith({ verifyLogout } as unknown as TokenVerifier);
    const from = { address: '192.0.2.1' };
    expect(await counted.receive(mint({ sub: 'alice' }), from)).toBe(400);
    expect(await counted.receive(undefined, from)).toBe(400);
    expect(await counted.receive(mint({ sub: 'alice' }), from)).toBe(429);
    expect(await counted.receive(undefined, from)).toBe(429);
    expect(verifyLogout).toHaveBeenCalledTimes(1);
    expect(await counted.receive(mint({ sub: 'alice' }), { address: '192.0.2.2' })).toBe(400);
  });

  describe('when many forged tokens come at once', () => {
    /** Of each turn: the cost of the signature checks that were made in it. */
    const costs: number[] = [];

    /** Keys that count their checks. */
    function countingVerifier(pairs: readonly KeyPair[], kids = false): JwtTokenVerifier {
      const algorithms = [
        `ES${pairs[0]?.publicKey.asymmetricKeyDetails?.namedCurve === 'secp521r1' ? 512 : 256}`,
      ];
      const keys = pairs.map(({ publicKey: key }, at) => ({
        kid: kids ? `k${at}` : undefined,
        key,
      }));
      const options = { issuer: A, audience: AUDIENCE, algorithms, keys } as IssuerOptions;
      const [issuer] = loadIssuers([options], true).values() as Iterable<Issuer>;
      const counting = (issuer as Issuer).keys.map((key) => ({
        ...key,
        checks: new Map(
          [...key.checks].map(([algorithm, check]) => [
            algorithm,
            (text: string, signature: Buffer): boolean => {
              costs[costs.length - 1] = (costs.at(-1) ?? 0) + key.cost;
              return check(text, signature);
            },
          ]),
        ),
      }));
      return new JwtTokenVerifier(new Map([[A, { ...issuer, keys: counting } as Issuer]]), true);
    }

    async function flood(verifier: JwtTokenVerifier, token: string): Promise<LogoutStatus[]> {
      costs.splice(0, costs.length, 0);
      const turnstile = new Turnstile(32, verifier.checksPerToken);
      turn = () => turnstile.pass();
      const flooded = logoutWith(verifier);
      let isDone = false;
      const nextTurn = (): void => {
        if (isDone) return;
        costs.push(0);
        setImmediate(nextTurn);
      };
      setImmediate(nextTurn);
      const answers = await Promise.all(Array.from({ length: 400 }, () => flooded.receive(token)));
      isDone = true;
      return answers;
    }

    afterEach(() => (turn = () => undefined));

    it.each<[string, string, number]>([
      ['three keys of P-521 without kid, one token is checked per turn', 'P-521', 48],
      ['three keys of P-256 without kid, ten tokens are checked per turn', 'P-256', 3],
    ])('with %s', async (_what, curve, cost) => {
      const pairs = [ecPair(curve), ecPair(curve), ecPair(curve)];
      const alg = curve === 'P-521' ? 'ES512' : 'ES256';
      const claims = logoutClaims({ issuer: A, audience: AUDIENCE }, clock.now(), { sub: 'alice' });
      const forged = signToken({ ...LOGOUT_HEADER, alg }, claims, ecPair(curve).privateKey);
      const answers = await flood(countingVerifier(pairs), forged);
      expect(Math.max(...costs)).toBe(cost * Math.max(1, Math.floor(32 / cost)));
      expect(costs.reduce((sum, each) => sum + each)).toBe(50 * cost);
      expect(answers.filter((status) => status === 400)).toHaveLength(50);
      expect(answers.filter((status) => status === 429)).toHaveLength(350);
    });

    it('and they name a kid, a token costs one check', async () => {
      const pairs = [ecPair(), ecPair(), ecPair()];
      const claims = logoutClaims({ issuer: A, audience: AUDIENCE }, clock.now(), { sub: 'alice' });
      const forged = signToken({ ...LOGOUT_HEADER, kid: 'k1' }, claims, ecPair().privateKey);
      await flood(countingVerifier(pairs, true), forged);
      expect(costs.reduce((sum, each) => sum + each)).toBe(50);
    });
  });

  it('refuses a request without a token', async () => {
    expect(await logout.receive(undefined)).toBe(400);
    expect(sink.take()).toEqual(['refused logout_request']);
  });
});

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function eventOf(value: object): object {
  return { 'http://schemas.openid.net/event/backchannel-logout': value };
}

function thrower(error: Error): () => never {
  return () => {
    throw error;
  };
}

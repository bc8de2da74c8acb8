import type { IssuerOptions } from '../../src/index.js';
import { isDevelopmentKid, loadIssuers } from '../../src/admission/issuer.js';
import { refused } from '../support/caught.js';
import { ecPair, rsaPair, secretKey } from '../support/key-ring.js';

const { publicKey } = ecPair();
const GOOD: IssuerOptions = {
  issuer: 'https://id.test',
  audience: 'chat',
  algorithms: ['ES256'],
  keys: [publicKey],
};
const NAMED = 'of issuer "https://id.test"';

const load = (others: object, strict = true): ReturnType<typeof loadIssuers> =>
  loadIssuers([{ ...GOOD, ...others }], strict);
const fail = (others: object, strict = true): ReturnType<typeof refused> =>
  refused(() => load(others, strict));

describe('loadIssuers', () => {
  it('keeps each issuer as one record under its exact name', () => {
    const { issuer: _, ...named } = GOOD;
    const issuers = loadIssuers([GOOD, { ...named, issuer: 'HTTPS://id.test' }], true);
    expect([...issuers.keys()]).toEqual(['https://id.test', 'HTTPS://id.test']);
    const issuer = issuers.get('https://id.test');
    expect(issuer).toMatchObject({
      issuer: 'https://id.test',
      audience: ['chat'],
      algorithms: new Set(['ES256']),
      types: new Set(['at+jwt', 'jwt']),
    });
    expect(Object.isFrozen(issuer)).toBe(true);
    expect(issuer?.keys[0]?.key).toBe(publicKey);
  });

  it('takes several audiences, types, algorithms and up to 16 keys', () => {
    const rsa = rsaPair().publicKey;
    const loaded = load({
      audience: ['chat', 'mail'],
      typ: ['Chat+JWT'],
      algorithms: ['ES256', 'RS256', 'PS512'],
      keys: [...Array.from({ length: 15 }, (_, at) => ({ kid: `k${at}`, key: publicKey })), rsa],
    }).get('https://id.test');
    expect(loaded?.audience).toEqual(['chat', 'mail']);
    expect([...(loaded?.types ?? [])]).toEqual(['chat+jwt']);
    expect(loaded?.keys).toHaveLength(16);
  });

  it('refuses an issuer that is configured twice', () => {
    expect(refused(() => loadIssuers([GOOD, GOOD], true))).toEqual({
      code: 'invalid_options',
      message: 'Issuer "https://id.test" is configured twice.',
    });
  });

  it.each<[string, unknown, string]>([
    ['empty', '', '""'],
    ['missing', undefined, '"undefined"'],
    ['a list', ['https://id.test'], '"[\\"https://id.test\\"]"'],
    ['an object', { issuer: 'x' }, '"{\\"issuer\\":\\"x\\"}"'],
    ['a regular expression', /id/, '"{}"'],
    ['null', null, '"null"'],
  ])('refuses an issuer that is %s', (_name, issuer, quoted) => {
    expect(fail({ issuer })).toEqual({
      code: 'invalid_options',
      message: `Expected "issuer" to be a non-empty string, got ${quoted}.`,
    });
  });

  it('refuses a record that is none', () => {
    for (const record of [null, undefined, 'https://id.test'])
      expect(refused(() => loadIssuers([record as never], true))?.code).toBe('invalid_options');
  });

  it.each<[string, unknown]>([
    ['empty', ''],
    ['null', null],
    ['an empty list', []],
    ['a list with an empty one', ['chat', '']],
    ['a regular expression', /chat/],
    ['a list with a regular expression', [/./]],
    ['a list with a missing one', [undefined]],
    ['an object', { aud: 'chat' }],
    ['a number', 7],
    ['true', true],
  ])('refuses an audience that is %s, strict or not', (_name, audience) => {
    for (const strict of [true, false]) {
      const refusal = fail({ audience }, strict);
      expect(refusal?.code).toBe('invalid_options');
      expect(refusal?.message).toMatch(
        `Expected "audience" ${NAMED} to be a non-empty string or a list of them, got `,
      );
    }
  });

  it.each<[string, unknown]>([
    ['missing', undefined],
    ['empty', []],
    ['text', 'ES256'],
    ['none', ['none']],
    ['in lower case', ['es256']],
    ['of another kind', ['EdDSA']],
    ['longer', ['ES2560']],
    ['a list in a list', [['ES256']]],
    ['an object that reads like one', [{ toString: () => 'ES256' }]],
  ])('refuses algorithms that are %s', (_name, algorithms) => {
    const refusal = fail({ algorithms });
    expect(refusal?.code).toBe('invalid_options');
    expect(refusal?.message).toMatch(
      `Expected "algorithms" ${NAMED} to be a list such as ["ES256"]`,
    );
  });

  it.each([[['HS256', 'RS256']], [['ES256', 'HS512']]])(
    'refuses to mix %j, for a public key could pass for a secret',
    (algorithms) => {
      const refusal = fail({ algorithms, keys: [publicKey, { secret: secretKey() }] });
      expect(refusal?.code).toBe('unsafe_options');
      expect(refusal?.message).toMatch(
        `Algorithms ${NAMED} mix shared secrets (HS*) with public keys`,
      );
    },
  );

  it.each<[string, unknown]>([
    ['empty', []],
    ['text', 'JWT'],
    ['a list with an empty one', ['JWT', '']],
    ['a list with a number', [1]],
  ])('refuses a typ that is %s', (_name, typ) => {
    expect(fail({ typ })?.message).toMatch(
      `Expected "typ" ${NAMED} to be a list of type names, got `,
    );
  });

  it.each<[string, unknown]>([
    ['missing', undefined],
    ['empty', []],
    ['one key', publicKey],
    ['17 of them', Array.from({ length: 17 }, () => publicKey)],
  ])('refuses keys that are %s', (_name, keys) => {
    expect(fail({ keys })).toEqual({
      code: 'invalid_options',
      message: `Expected "keys" ${NAMED} to be a list of 1 to 16 keys.`,
    });
  });

  it('refuses a kid that is there twice, wherever it stands and whatever its keys', () => {
    const jwk = { ...ecPair().publicKey.export({ format: 'jwk' }), kid: 'k1' };
    const message = `Keys 2 and 3 ${NAMED} have the same "kid" "k1". Give each a "kid" of its own.`;
    for (const other of [jwk, { key: jwk }, { kid: 'k1', key: rsaPair().publicKey }]) {
      const keys = [publicKey, { kid: 'k1', key: publicKey }, other];
      const algorithms = ['ES256', 'RS256'];
      expect(fail({ keys, algorithms })).toEqual({ code: 'invalid_options', message });
    }
  });

  it('lets two issuers use the same kid', () => {
    const keys = [{ kid: 'k1', key: publicKey }];
    const both = [
      { ...GOOD, keys },
      { ...GOOD, issuer: 'https://other.test', keys },
    ];
    expect(loadIssuers(both, true).size).toBe(2);
  });

  it('tries a token that names no key on four keys at most', () => {
    const keys = (count: number): unknown[] => Array.from({ length: count }, () => publicKey);
    expect(load({ keys: keys(4) }).get('https://id.test')?.maxCost).toBe(4);
    expect(fail({ keys: keys(5) })).toEqual({
      code: 'unsafe_options',
      message: `5 keys ${NAMED} without "kid" fit ES256; at most 4 are allowed, because a forged token is tried on each of them. Give keys a "kid".`,
    });
    const others = Array.from({ length: 4 }, () => rsaPair().publicKey);
    const mixed = { keys: [...keys(4), ...others], algorithms: ['ES256', 'RS256'] };
    expect(load(mixed).get('https://id.test')?.maxCost).toBe(4);
  });

  it('knows what the signature of one token costs at most', () => {
    const p521 = (kid?: string): object => ({ kid, key: ecPair('P-521').publicKey });
    const cost = (...keys: object[]): number | undefined =>
      load({ keys, algorithms: ['ES512'] }).get('https://id.test')?.maxCost;
    expect(cost(p521('a'), p521('b'), p521('c'))).toBe(16);
    expect(cost(p521(), p521(), p521())).toBe(48);
  });

  it.each(['logout+jwt', 'LOGOUT+JWT', 'application/logout+jwt', 'Application/Logout+JWT'])(
    'refuses the type %s at the door: what signs out must not let in',
    (typ) => {
      expect(fail({ typ: [typ] })?.code).toBe('unsafe_options');
    },
  );

  it('reads a type with or without application/', () => {
    const types = load({ typ: ['application/at+jwt', 'Application/JWT'] }).get(
      'https://id.test',
    )?.types;
    expect([...(types ?? [])]).toEqual(['at+jwt', 'jwt']);
  });

  it('says how long a secret has to be when none is long enough for an algorithm', () => {
    const keys = [{ secret: secretKey(32) }];
    expect(fail({ keys, algorithms: ['HS256', 'HS512'] })?.message).toBe(
      `No key ${NAMED} fits its algorithm HS512, which needs a secret of 64 bytes.`,
    );
    expect(fail({ keys, algorithms: ['HS384'] })?.message).toBe(
      `Key 1 ${NAMED} has 32 bytes; at least 48 are required for HS384 (RFC 7518 §3.2).`,
    );
  });

  it('refuses an algorithm that no key fits', () => {
    expect(fail({ algorithms: ['ES256', 'ES384'] })).toEqual({
      code: 'invalid_options',
      message: `No key ${NAMED} fits its algorithm ES384.`,
    });
  });

  describe('in strict mode', () => {
    it('requires an audience', () => {
      const refusal = fail({ audience: undefined });
      expect(refusal?.code).toBe('unsafe_options');
      expect(refusal?.message).toMatch(
        `"audience" ${NAMED} is required unless NODE_ENV is "development" or "test"`,
      );
      expect(load({ audience: undefined }, false).get('https://id.test')?.audience).toBeUndefined();
    });

    it.each<[string, object]>([
      ['the development issuer', { issuer: 'urn:roomgate:dev' }],
      ['a development kid', { keys: [{ kid: 'dev-1', key: publicKey }] }],
      ['a development kid among others', { keys: [publicKey, { kid: 'dev-', key: publicKey }] }],
    ])('refuses %s', (_name, others) => {
      expect(fail(others)).toEqual({
        code: 'unsafe_options',
        message:
          'Development keys (issuer urn:roomgate:dev or a kid that begins with "dev-") are for NODE_ENV "development" or "test" only.',
      });
      expect(fail(others, false)).toBeUndefined();
    });
  });
});

describe('isDevelopmentKid', () => {
  it.each([
    ['dev-a1b2', true],
    ['dev-', true],
    ['developer', false],
    ['my-dev-key', false],
    [undefined, false],
  ])('of %j is %j', (kid, is) => {
    expect(isDevelopmentKid(kid)).toBe(is);
  });

  it('refuses a misspelt member by name: a misspelt audience would silently be none', () => {
    expect(fail({ audiance: 'chat' })?.message).toBe(
      `Unknown member "audiance" ${NAMED}: did you mean "audience"? Known members: issuer, audience, algorithms, keys, typ, logoutAudience.`,
    );
  });
});

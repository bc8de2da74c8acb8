import { checkClaims } from '../../src/admission/token.js';
import type { Refusal } from '../../src/index.js';
import type { RegisteredClaims } from '../../src/admission/principal.js';

const NOW_S = 1_800_000_000;
const NOW = NOW_S * 1_000;
const RULES = { clockToleranceMs: 5_000, maxTokenLifeMs: 86_400_000 };
const GOOD = { iss: 'https://id.test', sub: 'alice', iat: NOW_S - 10, exp: NOW_S + 3_600 };

const check = (claims: unknown, rules = RULES): RegisteredClaims | Refusal =>
  checkClaims(claims as Record<string, unknown>, NOW, rules);
/** Claims as they come out of JSON text, which can say what literals cannot. */
const fromJson = (name: string, json: string): unknown =>
  JSON.parse(JSON.stringify({ ...GOOD, [name]: 'HERE' }).replace('"HERE"', json));

const ODD_TIMES: [string, string][] = [
  ['null', 'null'],
  ['true', 'true'],
  ['text', '"1800003600"'],
  ['text of a date', '"2030-01-01"'],
  ['empty text', '""'],
  ['a list', '[1800003600]'],
  ['an object', '{"valueOf":1800003600}'],
  ['negative', '-1'],
  ['minus infinity (-1e400)', '-1e400'],
  ['infinity (1e400)', '1e400'],
  ['1e308', '1e308'],
  ['2^53', '9007199254740992'],
  ['beyond 2^53', '9007199254740993'],
];

describe('checkClaims', () => {
  it('hands on all claims, frozen and without a prototype', () => {
    const claims = check({ ...GOOD, aud: 'x', plan: { tier: 'pro' } });
    expect(claims).toMatchObject({ ...GOOD, aud: 'x', plan: { tier: 'pro' } });
    expect(Object.getPrototypeOf(claims)).toBeNull();
    expect(Object.isFrozen(claims)).toBe(true);
  });

  it.each(['iss', 'sub', 'exp', 'iat'])('needs %s', (name) => {
    expect(check({ ...GOOD, [name]: undefined })).toMatchObject({
      code: 'token_invalid',
      reason: `claim_${name}`,
    });
  });

  it.each(['iss', 'sub', 'exp', 'iat'])('does not take %s from a __proto__ claim', (name) => {
    const { [name as 'iss']: value, ...others } = GOOD;
    const json = `{"__proto__":${JSON.stringify({ [name]: value })},${JSON.stringify(others).slice(1)}`;
    expect(check(JSON.parse(json))).toMatchObject({ reason: `claim_${name}` });
  });

  describe.each(['exp', 'iat', 'nbf'])('%s', (name) => {
    it.each(ODD_TIMES)('that is %s is refused', (_name, json) => {
      expect(check(fromJson(name, json))).toMatchObject({
        code: 'token_invalid',
        reason: `claim_${name}`,
      });
    });

    it('that is NaN, which a verifier of one’s own may make, is refused', () => {
      expect(check({ ...GOOD, [name]: NaN })).toMatchObject({ reason: `claim_${name}` });
    });
  });

  it.each<[string, object, string, string]>([
    ['has expired with tolerance', { exp: NOW_S - 5 }, 'token_expired', 'token_expired'],
    ['is to be valid later', { nbf: NOW_S + 5.001 }, 'token_not_yet_valid', 'claim_nbf'],
    ['was issued in the future', { iat: NOW_S + 5.001 }, 'token_not_yet_valid', 'claim_iat'],
    ['lives too long', { iat: NOW_S, exp: NOW_S + 86_400.001 }, 'token_invalid', 'token_life'],
    ['was issued at the epoch', { iat: 0 }, 'token_invalid', 'token_life'],
    ['lives until the last safe second', { exp: 2 ** 53 - 1 }, 'token_invalid', 'token_life'],
    [
      'comes from the end of time',
      { iat: 2 ** 53 - 1, exp: 2 ** 53 - 1 },
      'token_not_yet_valid',
      'claim_iat',
    ],
  ])('refuses a token that %s', (_name, claims, code, reason) => {
    expect(check({ ...GOOD, ...claims })).toMatchObject({ code, reason });
  });

  it.each<[string, object]>([
    ['expired less than the tolerance ago', { exp: NOW_S - 4.999 }],
    ['becomes valid within the tolerance', { nbf: NOW_S + 5 }],
    ['was issued ahead by the tolerance', { iat: NOW_S + 5 }],
    ['lives exactly as long as allowed', { iat: NOW_S, exp: NOW_S + 86_400 }],
    ['has been valid from the epoch on', { nbf: 0 }],
    ['has fractions of seconds', { iat: NOW_S - 0.5, exp: NOW_S + 0.5 }],
  ])('accepts a token that %s', (_name, claims) => {
    expect(check({ ...GOOD, ...claims })).toMatchObject(claims);
  });

  it('knows no tolerance when none is set', () => {
    const exact = { ...RULES, clockToleranceMs: 0 };
    expect(check({ ...GOOD, exp: NOW_S }, exact)).toMatchObject({ code: 'token_expired' });
    expect(check({ ...GOOD, exp: NOW_S + 0.001 }, exact)).toMatchObject({ sub: 'alice' });
    expect(check({ ...GOOD, iat: NOW_S }, exact)).toMatchObject({ sub: 'alice' });
  });

  it.each<[string, unknown]>([
    ['is empty', ''],
    ['is a number', 7],
    ['is a list', ['alice']],
    ['is null', null],
    ['has 256 bytes', 'x'.repeat(256)],
    ['has 256 bytes in 128 letters', 'ä'.repeat(128)],
    ['holds half a character, which hashes like any other half', 'a\ud800'],
  ])('refuses a sub that %s', (_name, sub) => {
    expect(check({ ...GOOD, sub })).toMatchObject({ code: 'token_invalid', reason: 'claim_sub' });
  });

  it.each(['x'.repeat(255), `${'ä'.repeat(127)}x`, '\u{1f600}'])('accepts the sub %s', (sub) => {
    expect(check({ ...GOOD, sub })).toMatchObject({ sub });
  });

  it.each<[string, unknown]>([
    ['is empty', ''],
    ['is a list', ['https://id.test']],
    ['is an object', {}],
    ['holds half a character', 'https://id.test/\udc00'],
  ])('refuses an iss that %s', (_name, iss) => {
    expect(check({ ...GOOD, iss })).toMatchObject({ code: 'token_invalid', reason: 'claim_iss' });
  });

  it.each(['jti', 'sid', 'scope'])('refuses a %s that is no text', (name) => {
    for (const value of [null, 1, true, ['a'], {}])
      expect(check({ ...GOOD, [name]: value })).toMatchObject({ reason: 'claim_type' });
    expect(check({ ...GOOD, [name]: 'text' })).toMatchObject({ [name]: 'text' });
  });
});

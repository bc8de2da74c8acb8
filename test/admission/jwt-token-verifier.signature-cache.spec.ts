import { loadIssuers } from '../../src/admission/issuer.js';
import { JwtTokenVerifier, SignatureCache } from '../../src/admission/jwt-token-verifier.js';
import { Refusal } from '../../src/admission/refusals.js';
import { parseToken, type UnverifiedToken } from '../../src/admission/token.js';
import { TestIssuer } from '../../src/testing.js';

function parsed(text: string): UnverifiedToken {
  const token = parseToken(text, 8_192);
  if (token instanceof Refusal) throw new Error(token.reason);
  return token;
}

describe('SignatureCache', () => {
  it('remembers the newest, and nothing when it may hold nothing', () => {
    const cache = new SignatureCache(4);
    const known = (): string =>
      ['a', 'b', 'c', 'd', 'e'].filter((text) => cache.confirm(text, () => false)).join('');
    for (const text of ['a', 'b', 'c', 'd']) cache.confirm(text, () => true);
    expect(known()).toBe('abcd');
    cache.confirm('e', () => true);
    expect([known(), cache.size]).toEqual(['cde', 3]);
    const none = new SignatureCache(0);
    expect([none.confirm('a', () => true), none.confirm('a', () => false)]).toEqual([true, false]);
    expect(none.size).toBe(0);
  });

  it('asks about what it does not remember, once when the answer is yes', () => {
    const cache = new SignatureCache(4);
    const answers = [false, true];
    const ask = (): boolean => cache.confirm('a', () => answers.shift() as boolean);
    expect([ask(), ask(), ask(), ask()]).toEqual([false, true, true, true]);
    expect(answers).toEqual([]);
  });

  describe('behind the verifier', () => {
    const issuer = new TestIssuer();
    const cache = new SignatureCache(10);
    const verifier = new JwtTokenVerifier(loadIssuers([issuer.options], true), true, cache);

    it('holds good tokens, and believes them again', () => {
      const token = parsed(issuer.mint({ sub: 'alice' }));
      expect(verifier.verify(token)).toMatchObject({ sub: 'alice' });
      expect(cache.size).toBe(1);
      expect(verifier.verify(token)).toMatchObject({ sub: 'alice' });
      expect(cache.size).toBe(1);
    });

    it('never holds a bad one, and believes no other token for a good one', () => {
      const good = issuer.mint({ sub: 'bob' });
      verifier.verify(parsed(good));
      const size = cache.size;
      const [header, claims] = good.split('.') as [string, string];
      const [, , signature] = issuer.mint({ sub: 'mallory' }).split('.') as [
        string,
        string,
        string,
      ];
      const [, forged] = issuer.mint({ sub: 'root' }).split('.') as [string, string];
      for (const token of [
        `${header}.${claims}.${signature}`,
        `${header}.${forged}.${good.split('.')[2]}`,
      ])
        expect(verifier.verify(parsed(token))).toMatchObject({ reason: 'signature' });
      expect(cache.size).toBe(size);
    });
  });
});

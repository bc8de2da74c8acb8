import type { IssuerOptions } from '../../src/admission/admission.options.js';
import { loadIssuers } from '../../src/admission/issuer.js';
import { JwtTokenVerifier } from '../../src/admission/jwt-token-verifier.js';
import type { Refusal } from '../../src/admission/refusals.js';
import { parseToken, type UnverifiedToken } from '../../src/admission/token.js';
import { TokenRefusedError } from '../../src/admission/token-verifier.js';
import { ecPair, secretKey } from '../support/key-ring.js';
import { signToken } from '../support/sign-token.js';
import { A, AUDIENCE, TwoIssuers } from '../support/two-issuers.js';
import { itVerifiesTokens } from './token-verifier.contract.js';

const create = (issuers: readonly IssuerOptions[], strict: boolean): JwtTokenVerifier =>
  new JwtTokenVerifier(loadIssuers(issuers, strict), strict);

describe('JwtTokenVerifier', () => {
  itVerifiesTokens({ secrets: true, create });

  const by = new TwoIssuers();
  const [issuer] = by.issuers as [IssuerOptions];
  const read = (text: string): UnverifiedToken => {
    const token: UnverifiedToken | Refusal = parseToken(text, 8_192);
    return token as UnverifiedToken;
  };
  /** The reason for log and metric, or the subject. */
  const verdict = (verifier: JwtTokenVerifier, text: string): unknown => {
    const answer = verifier.verify(read(text));
    return answer instanceof TokenRefusedError ? answer.reason : answer.sub;
  };

  it.each<[string, object, object]>([
    ['issuer', {}, { iss: 'https://c.test' }],
    ['issuer', {}, { iss: 7 }],
    ['algorithm', { alg: 'ES384' }, {}],
    ['type', { typ: 'refresh+jwt' }, {}],
    ['key', { kid: 'unknown' }, {}],
    ['audience', {}, { aud: 'mail' }],
    ['development_key', { kid: 'dev-1' }, {}],
  ])('names the reason %s', (reason, header, claims) => {
    const token = by.token(header, claims, by.es.privateKey, 'ES256');
    expect(verdict(create(by.issuers, true), token)).toBe(reason);
  });

  describe('picks the key', () => {
    const named = by.es;
    const unnamed = ecPair();
    const both = create(
      [
        {
          ...issuer,
          algorithms: ['ES256'],
          keys: [{ kid: 'es', key: named.publicKey }, unnamed.publicKey],
        },
      ],
      true,
    );

    it.each<[string, string | undefined, typeof named, string]>([
      ['a token that names a key, by that key', 'es', named, 'alice'],
      ['a token that names an unknown key, by a key without name', 'other', unnamed, 'alice'],
      ['a token that names none, by a key without name', undefined, unnamed, 'alice'],
    ])('verifies %s', (_name, kid, { privateKey }, subject) => {
      expect(verdict(both, by.token({ kid }, {}, privateKey))).toBe(subject);
    });

    it.each<[string, string | undefined]>([
      ['names none', undefined],
      ['names another', 'other'],
    ])('never verifies a token that %s by a key that has a name', (_name, kid) => {
      expect(verdict(both, by.token({ kid }, {}, named.privateKey))).toBe('signature');
    });

    it('never verifies a token that names a key by another one', () => {
      const token = by.token({ kid: 'es' }, {}, unnamed.privateKey);
      expect(verdict(both, token)).toBe('signature');
    });

    it('never verifies a token that names a key of another algorithm', () => {
      const keys = [{ kid: 'rs', key: by.rs.publicKey }, unnamed.publicKey];
      const verifier = create([{ ...issuer, algorithms: ['ES256', 'RS256'], keys }], true);
      expect(verdict(verifier, by.token({ kid: 'rs' }, {}, unnamed.privateKey))).toBe('key');
      expect(verdict(verifier, by.token({ kid: 'es' }, {}, unnamed.privateKey))).toBe('alice');
    });
  });

  it.each([
    'HS256',
    'HS384',
    'HS512',
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
  ] as const)('verifies %s', (alg) => {
    const pair = alg.startsWith('ES') ? ecPair(`P-${alg.slice(2).replace('512', '521')}`) : by.rs;
    const secret = secretKey(64);
    const isSecret = alg.startsWith('HS');
    const keys = isSecret ? [{ secret }] : [pair.publicKey];
    const verifier = create([{ issuer: A, audience: AUDIENCE, algorithms: [alg], keys }], true);
    const token = signToken({ alg, typ: 'JWT' }, by.claims(), isSecret ? secret : pair.privateKey);
    expect(verdict(verifier, token)).toBe('alice');
  });

  it('lets a development key in outside of strict mode only', () => {
    const dev = {
      ...issuer,
      issuer: 'urn:roomgate:dev',
      keys: [{ kid: 'dev-1', key: by.es.publicKey }],
    };
    const verifier = create([{ ...dev, algorithms: ['ES256'] }], false);
    expect(verdict(verifier, by.token({ kid: 'dev-1' }, { iss: 'urn:roomgate:dev' }))).toBe(
      'alice',
    );
    const strict = create([{ ...issuer, algorithms: ['ES256'], keys: [by.es.publicKey] }], true);
    expect(verdict(strict, by.token({ kid: 'dev-1' }))).toBe('development_key');
    expect(verdict(strict, by.token({ kid: 'prod-1' }))).toBe('alice');
  });

  it('leaves times to admission: an expired token is verified, not admitted', () => {
    const token = by.token({}, { iat: 1, exp: 2, nbf: 4_000_000_000 });
    expect(verdict(create(by.issuers, true), token)).toBe('alice');
  });
});

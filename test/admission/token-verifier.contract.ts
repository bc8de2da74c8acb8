import fc from 'fast-check';
import { Admission } from '../../src/admission/admission.js';
import type { IssuerOptions } from '../../src/admission/admission.options.js';
import { AuthorizationHeaderExtractor } from '../../src/admission/credential.js';
import { type Principal } from '../../src/admission/principal.js';
import { Refusal } from '../../src/admission/refusals.js';
import type { MaybePromise, TokenVerifier } from '../../src/admission/token-verifier.js';
import { resolveOptions } from '../../src/module/options.js';
import { propertyRuns } from '../support/property-runs.js';
import { signToken } from '../support/sign-token.js';
import { A, AUDIENCE, B, H, TwoIssuers } from '../support/two-issuers.js';
import { UNSIGNED_TOKENS } from './hostile-tokens.js';
import { MISDIRECTED } from './misdirected-tokens.js';
import { HOSTILE_TIMES, ODD_CLAIMS } from './hostile-claims.js';
import { MISSHAPEN } from './misshapen-tokens.js';

const LETTERS = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=');

/** How a verifier comes to believe issuers. Keys are given as `{ kid, key: KeyObject }`. */
export interface VerifierFactory {
  /** Whether it takes shared secrets; a key set on the web cannot hold any. */
  readonly secrets: boolean;
  create(issuers: readonly IssuerOptions[], strict: boolean): MaybePromise<TokenVerifier>;
}

/** What every verifier owes, tried through `Admission.identify`, as the door does it. */
export function itVerifiesTokens(factory: VerifierFactory): void {
  const by = new TwoIssuers();
  const options = resolveOptions({}, false);
  let verified = 0;
  let identify: (token: string) => Promise<Principal | Refusal>;

  const doorOf = async (
    issuers: readonly IssuerOptions[],
    strict = true,
  ): Promise<typeof identify> => {
    const verifier = await factory.create(issuers, strict);
    const counting = { verify: (token: never) => (verified++, verifier.verify(token)) };
    const ports = {
      clock: by.clock,
      verifier: counting,
      extractor: new AuthorizationHeaderExtractor(),
    };
    const admission = new Admission(
      {
        ...ports,
        isDraining: () => false,
        subjects: { hasPlace: () => true, take: () => () => undefined },
        isRevoked: () => false,
        isStale: () => false,
        generation: () => 0,
        holdRoom: () => () => undefined,
      },
      options,
    );
    return async (token) => admission.identify(token);
  };

  beforeAll(async () => {
    const secret = factory.secrets ? [by.secretIssuer] : [];
    identify = await doorOf([...by.issuers, ...secret]);
  });
  beforeEach(() => (verified = 0));

  describe('believes', () => {
    it.each<[string, () => string]>([
      ['ES256', () => by.token()],
      ['RS256', () => by.token({ alg: 'RS256', kid: 'rs' }, {}, by.rs.privateKey)],
      ['PS256', () => by.token({ alg: 'PS256', kid: 'rs' }, {}, by.rs.privateKey)],
      ['the type JWT in small letters', () => by.token({ typ: 'jwt' })],
      ['the type at+jwt', () => by.token({ typ: 'at+jwt' })],
      ['the type AT+JWT', () => by.token({ typ: 'AT+JWT' })],
      ['the type application/at+jwt', () => by.token({ typ: 'application/at+jwt' })],
      ['the type Application/AT+JWT', () => by.token({ typ: 'Application/AT+JWT' })],
      ['the type application/jwt', () => by.token({ typ: 'application/jwt' })],
      ['no type, since an audience is set', () => by.token({ typ: undefined })],
      ['header members that steer nothing', () => by.token({ cty: 'x', x5t: 'y', '': {} })],
      ['its audience among others', () => by.token({}, { aud: ['mail', AUDIENCE] })],
      ['a __proto__ claim, as the claim it is', () => by.token({}, withProto(by))],
    ])('%s', async (_name, token) => {
      expect(await identify(token())).toMatchObject({ issuer: A, subject: 'alice' });
      expect(verified).toBe(1);
    });

    it('either audience of an issuer that has two', async () => {
      for (const aud of [AUDIENCE, 'mail'])
        expect(await identify(by.token({}, { iss: B, aud }, by.esOfB.privateKey))).toMatchObject({
          issuer: B,
        });
    });

    it.each(factory.secrets ? ['HS256'] : [])('%s', async (alg) => {
      const claims = by.claims({ iss: H });
      const token = signToken({ alg, typ: 'JWT', kid: 'hs' }, claims, by.secret);
      expect(await identify(token)).toMatchObject({ issuer: H, subject: 'alice' });
      const other = signToken({ alg: 'HS512', typ: 'JWT', kid: 'hs' }, claims, by.secret);
      expect(await identify(other)).toMatchObject({ code: 'token_invalid' });
    });

    it('all claims as the token has them', async () => {
      const claims = by.claims({ plan: { tier: 'pro', seats: [1, 2] }, scope: 'a b', n: 1e300 });
      const principal = (await identify(by.token({}, claims))) as Principal;
      expect(JSON.parse(JSON.stringify(principal.claims))).toEqual(claims);
    });
  });

  describe('refuses with 401 a token that', () => {
    it.each([...UNSIGNED_TOKENS, ...MISDIRECTED])('%s', async (_name, make) => {
      const refusal = await identify(make(by));
      expect(refusal).toMatchObject({ code: 'token_invalid', row: { status: 401 } });
    });

    it.each(MISSHAPEN)('%s, before the verifier sees it', async (_name, make) => {
      const refusal = await identify(make(by));
      expect(refusal).toMatchObject({ code: 'token_invalid', row: { status: 401 } });
      expect(verified).toBe(0);
    });

    it.each(HOSTILE_TIMES)('says %s %s', async (claim, json, code) => {
      const refusal = await identify(by.tokenSaying(claim, json));
      expect(refusal).toMatchObject({ code, row: { status: 401 } });
    });

    it.each(ODD_CLAIMS)('has %s', async (_name, claims) => {
      const refusal = await identify(by.token({}, claims));
      expect(refusal).toMatchObject({ code: 'token_invalid', row: { status: 401 } });
    });

    it('was changed in any one character', async () => {
      const token = by.token();
      const letter = fc.constantFrom(...LETTERS);
      await fc.assert(
        fc.asyncProperty(fc.nat(token.length - 1), letter, async (at, other) => {
          fc.pre(token[at] !== other);
          const changed = token.slice(0, at) + other + token.slice(at + 1);
          expect(await identify(changed)).toBeInstanceOf(Refusal);
        }),
        propertyRuns(200),
      );
    });

    it('carries anything, and says nothing of it', async () => {
      const canary = { iss: 'canary', sub: 'canary', aud: 'canary' };
      for (const [header, claims] of [
        [{ kid: 'canary' }, {}],
        [{ typ: 'canary' }, {}],
        [{ alg: 'canary' }, {}],
        [{}, canary],
        [{}, { ...canary, iss: A }],
      ] as const) {
        const refusal = await identify(by.token(header, claims, by.es.privateKey, 'ES256'));
        expect(refusal).toBeInstanceOf(Refusal);
        expect(JSON.stringify(refusal)).not.toContain('canary');
      }
    });
  });

  it('keeps the same subject of two issuers apart', async () => {
    const ofA = (await identify(by.token())) as Principal;
    const ofB = (await identify(by.token({}, { iss: B }, by.esOfB.privateKey))) as Principal;
    expect([ofA.subject, ofB.subject]).toEqual(['alice', 'alice']);
    expect(ofA.identity).not.toBe(ofB.identity);
  });

  it("keeps ('a', 'b:c') and ('a:b', 'c') apart", async () => {
    const keys = [{ kid: 'es', key: by.es.publicKey }];
    const issuer = { audience: AUDIENCE, algorithms: ['ES256' as const], keys };
    const door = await doorOf([
      { ...issuer, issuer: 'a' },
      { ...issuer, issuer: 'a:b' },
    ]);
    const one = (await door(by.token({}, { iss: 'a', sub: 'b:c' }))) as Principal;
    const other = (await door(by.token({}, { iss: 'a:b', sub: 'c' }))) as Principal;
    expect([one.issuer, other.issuer]).toEqual(['a', 'a:b']);
    expect(one.identity).not.toBe(other.identity);
  });

  it('takes only the types that an issuer lists', async () => {
    const [issuer] = by.issuers as [IssuerOptions];
    const door = await doorOf([{ ...issuer, typ: ['chat+jwt'] }]);
    expect(await door(by.token({ typ: 'Chat+JWT' }))).toMatchObject({ subject: 'alice' });
    for (const typ of ['JWT', 'at+jwt', 'chat+jws'])
      expect(await door(by.token({ typ }))).toMatchObject({ code: 'token_invalid' });
  });

  it('without an audience wants a type, and then takes any audience', async () => {
    const [{ audience: _, ...issuer }] = by.issuers as [IssuerOptions];
    const door = await doorOf([issuer], false);
    expect(await door(by.token({ typ: undefined }))).toMatchObject({ code: 'token_invalid' });
    expect(await door(by.token({}, { aud: 'mail' }))).toMatchObject({ subject: 'alice' });
  });
}

function withProto(by: TwoIssuers): string {
  return `{"__proto__":{"sub":"admin","rooms":["*"]},${JSON.stringify(by.claims()).slice(1)}`;
}

import fc from 'fast-check';
import { createPrincipal, freezeJson, identityOf } from '../../src/admission/principal.js';
import type { RegisteredClaims } from '../../src/admission/principal.js';
import { checkClaims } from '../../src/admission/token.js';
import { propertyRuns } from '../support/property-runs.js';

const CLAIMS: RegisteredClaims = { iss: 'https://id.test', sub: 'alice', iat: 1_000, exp: 2_000 };
const TIMES = { clockToleranceMs: 0, maxTokenLifeMs: 86_400_000 };

/** Every object in it that could still be changed, or that would answer for what it does not hold. */
function looseParts(value: unknown, path = '$'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const isLoose = !Object.isFrozen(value);
  const inherits = !Array.isArray(value) && Object.getPrototypeOf(value) !== null;
  return [
    ...(isLoose || inherits ? [path] : []),
    ...Object.entries(value).flatMap(([key, part]) => looseParts(part, `${path}.${key}`)),
  ];
}

/** The same JSON in ordinary objects, to compare with. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('freezeJson', () => {
  it('copies any JSON as it is, frozen to the last part, without a prototype', () => {
    const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString'));
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue({ maxDepth: 0 }),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc
          .array(fc.tuple(key, tie('tree')), { maxLength: 4 })
          .map((entries) => JSON.parse(toJson(entries)) as unknown),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const frozen = freezeJson(value);
        expect(looseParts(frozen)).toEqual([]);
        expect(JSON.stringify(frozen)).toBe(JSON.stringify(value));
      }),
      propertyRuns(300),
    );
  });

  it('is a copy: what is changed afterwards does not change it', () => {
    const given = { rooms: ['a'] };
    const frozen = freezeJson(given);
    given.rooms.push('b');
    expect(frozen).toMatchObject({ rooms: ['a'] });
    expect(Object.isFrozen(given)).toBe(false);
  });

  it('keeps 32 levels and drops what is deeper', () => {
    const nest = (depth: number): unknown => (depth === 0 ? {} : { a: nest(depth - 1) });
    expect(JSON.stringify(freezeJson(nest(31)))).toBe(JSON.stringify(nest(31)));
    expect(JSON.stringify(freezeJson(nest(32)))).toBe(JSON.stringify(nest(31)));
    expect(JSON.stringify(freezeJson(nest(5_000)))).toBe(JSON.stringify(nest(31)));
  });
});

describe('createPrincipal', () => {
  it('says who, by whom, with which rights and until when; the tolerance is in it once', () => {
    const claims = { ...CLAIMS, scope: 'chat:read chat:write' };
    expect(plain(createPrincipal(claims, 5_000))).toEqual({
      issuer: 'https://id.test',
      subject: 'alice',
      claims,
      scopes: ['chat:read', 'chat:write'],
      expiresAt: 2_005_000,
      identity: identityOf('https://id.test', 'alice'),
    });
  });

  it.each<[string, string | undefined, string[]]>([
    ['no scope', undefined, []],
    ['an empty scope', '', []],
    ['spaces only', '   ', []],
    ['spaces all around', '  a   b ', ['a', 'b']],
    ['a tab, which separates nothing', 'a\tb', ['a\tb']],
    ['a prefix of a scope', 'chat:readonly', ['chat:readonly']],
  ])('splits %s on spaces', (_name, scope, scopes) => {
    expect(createPrincipal({ ...CLAIMS, scope }, 0).scopes).toEqual(scopes);
  });

  it('is deep-frozen and prototype-less inside for any claims there may be', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (extra, scope) => {
        const raw = { ...extra, ...CLAIMS, nbf: 0, jti: 'j', sid: 's', scope };
        const claims = checkClaims(raw, 1_500_000, TIMES) as RegisteredClaims;
        const principal = createPrincipal(claims, 0);
        expect(Object.isFrozen(principal)).toBe(true);
        expect(Object.isFrozen(principal.scopes)).toBe(true);
        expect(looseParts(principal.claims)).toEqual([]);
        expect(principal.claims).toMatchObject(CLAIMS);
      }),
      propertyRuns(300),
    );
  });
});

describe('identityOf', () => {
  it('keeps pairs apart that read alike when written one after the other', () => {
    expect(identityOf('a', 'b:c')).not.toBe(identityOf('a:b', 'c'));
    expect(identityOf('a', '1:b')).not.toBe(identityOf('a1:', 'b'));
    expect(identityOf('', 'ab')).not.toBe(identityOf('ab', ''));
  });

  it('keeps the same subject of two issuers apart', () => {
    expect(identityOf('https://a.test', 'alice')).not.toBe(identityOf('https://b.test', 'alice'));
  });

  it('is the same for equal pairs only, and shows neither part', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const short = fc.string({ unit: fc.constantFrom('a', ':', '1', '2'), maxLength: 6 });
    const pair = fc.oneof(fc.tuple(text, text), fc.tuple(short, short));
    fc.assert(
      fc.property(pair, pair, (one, other) => {
        const isSame = one[0] === other[0] && one[1] === other[1];
        expect(identityOf(...one) === identityOf(...other)).toBe(isSame);
        expect(identityOf(...one)).toMatch(/^[A-Za-z0-9_-]{43}$/);
      }),
      propertyRuns(500),
    );
  });
});

function toJson(entries: readonly (readonly [string, unknown])[]): string {
  const members = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${members.join(',')}}`;
}

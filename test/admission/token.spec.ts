import fc from 'fast-check';
import { Refusal } from '../../src/index.js';
import { parseToken, type UnverifiedToken } from '../../src/admission/token.js';
import { propertyRuns } from '../support/property-runs.js';
import { encodePart } from '../support/sign-token.js';

const HEADER = { alg: 'ES256', typ: 'JWT' };
const CLAIMS = { iss: 'a', sub: 'b' };
const MAX_BYTES = 8_192;

const token = (header: unknown = HEADER, claims: unknown = CLAIMS, signature = 'c2ln'): string =>
  `${encodePart(header)}.${encodePart(claims)}.${signature}`;
const bytes = (...values: number[]): string => Buffer.from(values).toString('base64url');
const parse = (text: string): UnverifiedToken | Refusal => parseToken(text, MAX_BYTES);
const nested = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;

describe('parseToken', () => {
  it('takes a token apart without believing it', () => {
    const text = token({ ...HEADER, kid: 'k1', cty: 'ignored' }, { iss: 'a', deep: { b: [1] } });
    expect(parse(text)).toEqual({
      text,
      header: { alg: 'ES256', typ: 'JWT', kid: 'k1' },
      claims: { iss: 'a', deep: { b: [1] } },
    });
  });

  it('leaves out what the header does not say', () => {
    expect(parse(token({ alg: 'HS256' }))).toMatchObject({
      header: { alg: 'HS256', typ: undefined, kid: undefined },
    });
  });

  it.each<[string, string, string]>([
    ['is empty', '', 'token_parts'],
    ['has one part', 'abc', 'token_parts'],
    ['has two parts', 'abc.def', 'token_parts'],
    ['has four parts', `${token()}.c2ln`, 'token_parts'],
    ['has five parts, as encrypted tokens have', 'a.b.c.d.e', 'token_parts'],
    ['has an empty header', `.${encodePart(CLAIMS)}.c2ln`, 'token_encoding'],
    ['has an empty body', `${encodePart(HEADER)}..c2ln`, 'token_encoding'],
    ['has an empty signature', token(HEADER, CLAIMS, ''), 'token_encoding'],
    ['ends in a line break', `${token()}\n`, 'token_encoding'],
    ['begins with a space', ` ${token()}`, 'token_encoding'],
    ['is padded', token(HEADER, CLAIMS, 'c2lnbg=='), 'token_encoding'],
    ['is base64 instead of base64url', token(HEADER, CLAIMS, 'ab+/'), 'token_encoding'],
    [
      'has stray bits at the end of its signature',
      token(HEADER, CLAIMS, 'c2lnbh'),
      'token_encoding',
    ],
    ['has an impossible length', token(HEADER, CLAIMS, 'c2lnb'), 'token_encoding'],
    [
      'has stray bits at the end of its header',
      `${encodePart('{}').slice(0, -1)}1.e30.c2ln`,
      'token_encoding',
    ],
    ['has bytes beyond ASCII', `${token()}ä`, 'token_encoding'],
    ['has a header that is not JSON', token('{'), 'token_json'],
    ['has a header that is a list', token('[]'), 'token_json'],
    ['has a header that is null', token('null'), 'token_json'],
    ['has a body that is null', token(HEADER, 'null'), 'token_json'],
    ['has a body that is a list', token(HEADER, '[{"sub":"a"}]'), 'token_json'],
    ['has a body that is text', token(HEADER, '"sub"'), 'token_json'],
    ['has a body that is a number', token(HEADER, '1'), 'token_json'],
    ['has a body behind a byte order mark', token(HEADER, '\ufeff{}'), 'token_json'],
    [
      'has a body that is not UTF-8',
      `${encodePart(HEADER)}.${bytes(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)}.c2ln`,
      'token_encoding',
    ],
    [
      'has a header that is not UTF-8',
      `${bytes(0x7b, 0x22, 0xc0, 0x22, 0x3a, 0x31, 0x7d)}.e30.c2ln`,
      'token_encoding',
    ],
    ['repeats a claim', token(HEADER, '{"sub":"a","sub":"b"}'), 'token_json'],
    [
      'repeats a claim in another spelling',
      token(HEADER, '{"sub":"a","\\u0073ub":"b"}'),
      'token_json',
    ],
    ['repeats __proto__', token(HEADER, '{"__proto__":1,"__proto__":2}'), 'token_json'],
    ['repeats a member deep inside', token(HEADER, '{"a":[{"b":{"c":1,"c":1}}]}'), 'token_json'],
    ['repeats its alg', token('{"alg":"none","alg":"ES256"}'), 'token_json'],
    ['has no alg', token({ typ: 'JWT' }), 'token_header'],
    ['has an alg that is a list', token({ alg: ['ES256'] }), 'token_header'],
    ['has an alg that is null', token({ alg: null }), 'token_header'],
    ['inherits its alg', token('{"__proto__":{"alg":"ES256"}}'), 'token_header'],
    ['has a typ that is a number', token({ ...HEADER, typ: 1 }), 'token_header'],
    ['has a typ that is null', token({ ...HEADER, typ: null }), 'token_header'],
    ['has a typ of 129 bytes', token({ ...HEADER, typ: 'x'.repeat(129) }), 'token_header'],
    ['has a kid that is a list', token({ ...HEADER, kid: ['k1'] }), 'token_header'],
    ['has a kid that is an object', token({ ...HEADER, kid: { toString: 'k1' } }), 'token_header'],
    ['has a kid of 129 bytes', token({ ...HEADER, kid: 'k'.repeat(129) }), 'token_header'],
    ['has a kid of 65 two-byte letters', token({ ...HEADER, kid: 'ä'.repeat(65) }), 'token_header'],
  ])('refuses one that %s', (_name, text, reason) => {
    expect(parse(text)).toMatchObject({ code: 'token_invalid', reason });
  });

  it.each(['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c'])(
    'refuses one whose header holds %s, whatever its value',
    (name) => {
      for (const value of [[], ['exp'], true, false, null, '', 'https://evil.example/keys', {}])
        expect(parse(token({ ...HEADER, [name]: value }))).toMatchObject({
          code: 'token_invalid',
          reason: 'token_header',
        });
    },
  );

  it('counts bytes before it reads: exactly the limit passes, one more does not', () => {
    const text = token();
    expect(parseToken(text, text.length)).not.toBeInstanceOf(Refusal);
    expect(parseToken(text, text.length - 1)).toMatchObject({ reason: 'token_too_long' });
  });

  it('takes a kid and a typ of exactly 128 bytes', () => {
    const header = { alg: 'ES256', typ: 't'.repeat(128), kid: 'ä'.repeat(64) };
    expect(parse(token(header))).toMatchObject({ header });
  });

  it('reads the deepest nesting that the size limit lets in without running out of stack', () => {
    expect(parseToken(token(HEADER, nested(6_000)), 16_384)).not.toBeInstanceOf(Refusal);
  });

  it('keeps a __proto__ claim as a claim and no prototype', () => {
    const parsed = parse(token(HEADER, '{"__proto__":{"sub":"admin"}}')) as UnverifiedToken;
    expect(parsed.claims.sub).toBeUndefined();
  });

  it('takes colons, quotes and backslashes in text for what they are', () => {
    const claims = { 'a:"b\\': '::{"x":1}\\"', list: ['\\', '":"', { ':': ':' }] };
    expect(parse(token(HEADER, JSON.stringify(claims, null, 2)))).toMatchObject({ claims });
  });

  it('accepts every JSON object, however it is nested and spelled', () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    fc.assert(
      fc.property(object, fc.nat({ max: 3 }), (claims, indent) => {
        const json = JSON.stringify(claims, null, indent);
        const parsed = parseToken(token(HEADER, json), 1_000_000);
        expect(parsed).toMatchObject({ claims: JSON.parse(json) as object });
      }),
      propertyRuns(200),
    );
  });

  it('refuses every object with one member written twice', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(object, (claims) => {
        const [name, value] = Object.entries(claims)[0] as [string, unknown];
        const again = `{${JSON.stringify(name)}:${JSON.stringify(value)},`;
        const json = JSON.stringify(claims).replace('{', () => again);
        expect(parseToken(token(HEADER, json), 1_000_000)).toMatchObject({ reason: 'token_json' });
      }),
      propertyRuns(200),
    );
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'takes one spelling of all bytes that have %i letters',
    (length) => {
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      for (const last of letters) {
        const part = 'x'.repeat(length - 1) + last;
        const isCanonical = Buffer.from(part, 'base64url').toString('base64url') === part;
        expect(parse(token(HEADER, CLAIMS, part)) instanceof Refusal).toBe(!isCanonical);
      }
    },
  );

  it('reads each header for itself, whatever was read before, and gives nobody one that can change', () => {
    const other = { alg: 'HS256', kid: 'k' };
    const forbidden = { ...HEADER, crit: ['x'] };
    for (const header of [HEADER, HEADER, other, forbidden, forbidden, HEADER, other]) {
      const parsed = parse(token(header));
      if (header === forbidden) expect(parsed).toMatchObject({ reason: 'token_header' });
      else expect(parsed).toMatchObject({ header, claims: CLAIMS });
      expect(parsed instanceof Refusal || Object.isFrozen(parsed.header)).toBe(true);
    }
  });

  it('answers any text with a token or a refusal that says nothing of it', () => {
    const part = fc.oneof(fc.string(), fc.base64String(), fc.json().map(encodePart));
    const text = fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(text, (odd) => {
        const parsed = parse(odd);
        if (parsed instanceof Refusal) expect(parsed.reason).toMatch(/^token_[a-z_]+$/);
        else expect(parsed.text).toBe(odd);
      }),
      propertyRuns(500),
    );
  });
});

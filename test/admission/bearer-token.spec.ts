import fc from 'fast-check';
import { AuthorizationHeaderExtractor, Refusal } from '../../src/index.js';
import { refuseTokenInQuery } from '../../src/admission/bearer-token.js';
import { propertyRuns } from '../support/property-runs.js';
import { upgradeRequest } from '../support/upgrade-request.js';

const extract = (authorization: string | readonly string[]): string | Refusal =>
  new AuthorizationHeaderExtractor().extract(upgradeRequest({ authorization }));

describe('AuthorizationHeaderExtractor', () => {
  it.each(['Bearer a.b.c', 'bearer a.b.c', 'BEARER a.b.c', 'bEaReR    a.b.c'])(
    'finds the token in "%s"',
    (value) => {
      expect(extract(value)).toBe('a.b.c');
    },
  );

  it('takes every character of RFC 6750 and padding at the end', () => {
    const all = 'ABCXYZabcxyz0189-._~+/==';
    expect(extract(`Bearer ${all}`)).toBe(all);
  });

  it.each<[string, readonly string[]]>([
    ['no header', []],
    ['an empty header', ['']],
    ['another scheme', ['Basic YTpi']],
    ['a scheme that only begins alike', ['Bearerish a.b.c']],
    ['a bare token', ['eyJh.b.c']],
    ['a scheme after a space', [' Bearer a.b.c']],
  ])('finds no credential in %s', (_name, values) => {
    expect(extract(values)).toMatchObject({ code: 'no_token' });
  });

  it.each<[string, string]>([
    ['no token', 'Bearer'],
    ['no token but a space', 'Bearer '],
    ['a tab instead of a space', 'Bearer\ta.b.c'],
    ['two tokens', 'Bearer a.b.c d.e.f'],
    ['a space at the end', 'Bearer a.b.c '],
    ['a line break at the end', 'Bearer a.b.c\n'],
    ['quotes', 'Bearer "a.b.c"'],
    ['padding in the middle', 'Bearer a=.b.c'],
    ['a colon', 'Bearer: a.b.c'],
    ['another scheme behind it', 'Bearer Bearer a.b.c'],
    ['letters beyond ASCII', 'Bearer ä.b.c'],
  ])('calls %s malformed', (_name, value) => {
    expect(extract(value)).toMatchObject({ code: 'malformed_authorization' });
  });

  it.each<[string, readonly string[]]>([
    ['two headers', ['Bearer a.b.c', 'Bearer d.e.f']],
    ['the same header twice', ['Bearer a.b.c', 'Bearer a.b.c']],
    ['a second header of another scheme', ['Bearer a.b.c', 'Basic YTpi']],
    ['a second, empty header', ['Bearer a.b.c', '']],
    ['a list in one header', ['Bearer a.b.c, Bearer d.e.f']],
  ])('refuses %s as more than one credential', (_name, values) => {
    expect(extract(values)).toMatchObject({ code: 'multiple_credentials' });
  });

  it('hands on exactly what stands behind the scheme, whatever the header', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const found = extract(`Bearer ${value}`);
        if (found instanceof Refusal) expect(value).not.toMatch(/^[A-Za-z0-9]+$/);
        else expect(found).toBe(value.trimStart());
      }),
      propertyRuns(200),
    );
  });
});

describe('refuseTokenInQuery', () => {
  it.each<[string, string]>([
    ['access_token=a.b.c', 'access_token'],
    ['token=a.b.c', 'token'],
    ['jwt=a.b.c', 'jwt'],
    ['authorization=Bearer%20a.b.c', 'authorization'],
    ['TOKEN=a', 'token'],
    ['Access_Token=a', 'access_token'],
    ['acc%65ss_token=a', 'access_token'],
    ['token', 'token'],
    ['token=', 'token'],
    ['&&x=1&token=a', 'token'],
    ['x=1&y=%zz&jwt=a', 'jwt'],
  ])('finds the token in ?%s and says where it was', (query, name) => {
    const refusal = refuseTokenInQuery(query);
    expect(refusal).toMatchObject({ code: 'token_in_query', row: { status: 400 } });
    expect(refusal?.detail).toContain(`("${name}")`);
    expect(refusal?.detail).toContain('Authorization header');
  });

  it.each(['', 'x=1', 'tokens=1', 'x=token', 'my_token=1', 'token%5B%5D=1', '%', 'tok en=1'])(
    'has nothing against ?%s',
    (query) => {
      expect(refuseTokenInQuery(query)).toBeUndefined();
    },
  );

  it('repeats nothing of the request', () => {
    const refusal = refuseTokenInQuery('ToKeN=canary&x=canary#canary');
    expect(JSON.stringify(refusal)).not.toMatch(/canary|ToKeN/);
  });
});

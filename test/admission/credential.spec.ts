import fc from 'fast-check';
import { Refusal } from '../../src/index.js';
import { AuthorizationHeaderExtractor } from '../../src/admission/credential.js';
import { refuseTokenInQuery, seeCredential } from '../../src/admission/credential.js';
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

  it('finds no credential without the header', () => {
    expect(extract([])).toMatchObject({ code: 'no_token' });
  });

  it.each<[string, string]>([
    ['Basic', 'Basic YTpi'],
    ['Digest', 'Digest username="a"'],
    ['a scheme that there is not', 'Beer a.b.c'],
    ['a scheme alone', 'Negotiate'],
  ])('calls %s a scheme that is not supported', (_name, value) => {
    expect(extract(value)).toMatchObject({ code: 'unsupported_scheme' });
  });

  it.each<[string, string]>([
    ['an empty header', ''],
    ['a scheme that only begins alike', 'Bearerish a.b.c'],
    ['a bare token', 'eyJh.b.c'],
    ['a scheme after a space', ' Bearer a.b.c'],
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

  it.each([
    '',
    'x=1',
    'tokens=1',
    'x=token',
    'my_token=1',
    '%',
    'tok en=1',
    '&;&',
    '[]=1',
    '=',
    'author=x',
    'x=eyJ',
    'x=a.b.c',
    'x=eyJhbGciOiJub25lIn0',
    'x=eyJh.b',
    'v=1.2.3',
    'x=keyJ',
    '%zz=%',
    '%25',
    'since=1f2e-17&epoch=abc',
    `${'x'.repeat(100)}token=1`,
  ])('has nothing against ?%s', (query) => {
    expect(refuseTokenInQuery(query)).toBeUndefined();
  });

  it.each([
    'id_token=a',
    'auth=a',
    'bearer=a',
    'refresh_token=a',
    'accessToken=a',
    'access-token=a',
    'token[]=a',
    'token%5B%5D=a',
    'token[0]=a',
    'auth[token]=a',
    'x[jwt]=a',
    'x=1;token=a',
    '%74oken=a',
    '%2574oken=a',
    '%252574oken=a',
    'x=1%zz&%74%6f%6b%65%6e=a',
  ])('finds a token by the name in ?%s', (query) => {
    expect(refuseTokenInQuery(query)).toMatchObject({ code: 'token_in_query' });
  });

  const JWT = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln';
  it.each<[string, string]>([
    ['a value of any name', `q=${JWT}`],
    ['a value without a signature', `q=${JWT.replace(/[^.]*$/, '')}`],
    ['an encrypted token', 'q=eyJhbGciOiJkaXIifQ..aXY.Y3Q.dGFn'],
    ['a name', `${JWT}`],
    ['a name with a value', `${JWT}=1`],
    ['a value behind ;', `a=1;q=${JWT}`],
    ['an encoded letter', `q=${JWT.replace('eyJ', '%65yJ')}`],
    ['encoded dots', `q=${JWT.replaceAll('.', '%2E')}`],
    ['everything encoded', `q=${Buffer.from(JWT).toString('hex').replaceAll(/../g, '%$&')}`],
    ['an encoding of an encoding', `q=${JWT.replaceAll('.', '%252e')}`],
    ['three encodings', `q=${JWT.replaceAll('.', '%25252E')}`],
    ['a scheme before it', `q=Bearer%20${JWT}`],
    ['a scheme and a plus before it', `q=Bearer+${JWT}`],
    ['a word glued to it', `q=jwt${JWT}`],
    ['a word and a dot before it', `q=v1.${JWT}`],
    ['quotes and JSON around it', `q=%7B%22a%22%3A%22${JWT}%22%7D`],
    ['a URL within the URL', `next=https%3A%2F%2Fx.test%2F%3Ft%3D${JWT}`],
    ['bytes that are not UTF-8 beside it', `a=%ff&q=${JWT.replace('eyJ', '%65yJ')}`],
    ['a percent sign beside it', `a=%&q=${JWT.replace('eyJ', '%65yJ')}`],
    ['many parameters', `${'a=b&'.repeat(3_000)}q=${JWT}`],
  ])('finds a token by its shape in %s', (_what, query) => {
    const refusal = refuseTokenInQuery(query);
    expect(refusal).toMatchObject({ code: 'token_in_query', row: { status: 400 } });
    expect(refusal?.detail).not.toContain('eyJ');
  });

  it.each<[string, string]>([
    ['starts of tokens', 'eyJ'.repeat(5_400)],
    ['parts', 'eyJ.'.repeat(4_000)],
    ['dots', `eyJ${' .'.repeat(8_000)}`],
    ['encodings', '%25'.repeat(5_400)],
    ['brackets', '['.repeat(16_000)],
    ['parameters', 'eyJ&'.repeat(4_000)],
    ['names', 'tokens&'.repeat(2_300)],
    ['names with separators', 'to-kens&'.repeat(2_000)],
  ])('does work that grows with the length alone for %s', (_what, query) => {
    const startedAt = process.cpuUsage().user;
    for (let round = 0; round < 10; round++) refuseTokenInQuery(query);
    // Quadratic work would take seconds.
    expect(process.cpuUsage().user - startedAt).toBeLessThan(1_000_000);
  });

  it.each([
    ['a cookie of blanks', ['Cookie', `a=b;${' '.repeat(15_000)}c d`]],
    ['a subprotocol of blanks', ['Sec-WebSocket-Protocol', `a,${' '.repeat(15_000)}b c`]],
    ['a cookie of separators', ['Cookie', '='.repeat(15_000)]],
    ['a header of blanks', ['Authorization', `Basic${' '.repeat(15_000)}x y`]],
    ['a header of tokens', ['X-Any', 'eyJ.'.repeat(4_000)]],
  ])('does work that grows with the length alone for %s', (_what, rawHeaders) => {
    const startedAt = process.cpuUsage().user;
    for (let round = 0; round < 10; round++) seeCredential(rawHeaders, '');
    expect(process.cpuUsage().user - startedAt).toBeLessThan(1_000_000);
  });

  it('repeats nothing of the request', () => {
    const refusal = refuseTokenInQuery('ToKeN=canary&x=canary#canary');
    expect(JSON.stringify(refusal)).not.toMatch(/canary|ToKeN/);
  });
});

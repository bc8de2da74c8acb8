import fc from 'fast-check';
import { forwardedLists } from '../../src/admission/origin.js';
import { propertyRuns } from '../support/property-runs.js';

const read = (name: 'for' | 'host', headers: Record<string, readonly string[]>): string[][] =>
  forwardedLists((header) => headers[header] ?? [], name);

describe('forwardedLists', () => {
  it.each([
    ['blanks', `for=a,${' '.repeat(15_000)}(`],
    ['blanks behind a pair', `for=a${' '.repeat(15_000)}(`],
    ['tabs', `${'\t'.repeat(15_000)}(`],
    ['separators', ',;'.repeat(8_000)],
    ['an open quote', `for="${'\\a'.repeat(7_000)}`],
  ])('does work that grows with the length alone for %s', (_what, forwarded) => {
    const startedAt = process.cpuUsage().user;
    for (let round = 0; round < 10; round++) read('host', { forwarded: [forwarded] });
    // Quadratic work would take seconds.
    expect(process.cpuUsage().user - startedAt).toBeLessThan(1_000_000);
  });

  it.each([
    [
      ['a, b', 'c'],
      ['a', 'b', 'c'],
    ],
    [[' a ,, b'], ['a', '', 'b']],
  ])('lists the values of X-Forwarded-For %j', (values, expected) => {
    expect(read('for', { 'x-forwarded-for': values })).toEqual([expected]);
  });

  it.each<[string, Record<string, string[]>, string[][]]>([
    ['both that say something', { 'x-forwarded-for': ['a'], forwarded: ['for=b'] }, [['a'], ['b']]],
    ['none', {}, []],
    ['none that is empty', { 'x-forwarded-for': ['', ','], forwarded: ['', 'host=x'] }, []],
    [
      'one that is not well formed',
      { 'x-forwarded-for': ['a'], forwarded: ['for="'] },
      [['a'], []],
    ],
  ])('lists %s', (_what, headers, expected) => {
    expect(read('for', headers)).toEqual(expected);
  });

  it.each<[string, string[], string[]]>([
    ['one pair', ['for=1.2.3.4'], ['1.2.3.4']],
    ['several elements', ['for=a, for=b;proto=https,for=c'], ['a', 'b', 'c']],
    ['several headers', ['for=a', 'for=b'], ['a', 'b']],
    ['names in any case', ['FOR=a;Host=b'], ['a']],
    ['quotes', ['for="[2001:db8::1]:80"'], ['[2001:db8::1]:80']],
    ['a port without quotes', ['for=1.2.3.4:80'], ['1.2.3.4:80']],
    ['separators in quotes', ['by="a,for=x;";for=b'], ['b']],
    ['escapes', ['for="a\\"b\\\\"'], ['a"b\\']],
    ['empty pairs', [';for=a;;,'], ['a', '']],
    ['spaces', [' for=a ; proto=http , \tfor=b'], ['a', 'b']],
    ['an element that does not say', ['for=a, host=b'], ['a', '']],
  ])('reads Forwarded with %s', (_what, forwarded, expected) => {
    expect(read('for', { forwarded })).toEqual([expected]);
  });

  it.each(['for="a', 'for=a b', 'for', '=a', 'for==a', 'for="a"b', 'for=a;x y=z', 'for = a'])(
    'believes nothing of a Forwarded that is not well formed: %s',
    (forwarded) => {
      expect(read('for', { forwarded: [`for=first, ${forwarded}`] })).toEqual([[]]);
    },
  );

  it('reads what it is written from, whatever stands in quotes', () => {
    const value = fc.string({ unit: fc.constantFrom(...'ab:,;="\\[] '.split('')), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), (hosts) => {
        const quoted = hosts.map((host) => `host="${host.replaceAll(/["\\]/g, '\\$&')}";for=x`);
        const lists = hosts.some((host) => host !== '') ? [hosts] : [];
        expect(read('host', { forwarded: [quoted.join(', ')] })).toEqual(lists);
      }),
      propertyRuns(300),
    );
  });
});

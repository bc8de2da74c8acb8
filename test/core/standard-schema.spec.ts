import { issuePaths } from '../../src/core/standard-schema.js';

const issue = (
  ...path: (PropertyKey | { key: PropertyKey })[]
): { message: string; path: typeof path } => ({
  message: 'secret',
  path,
});

describe('issuePaths', () => {
  it.each<[string, ReturnType<typeof issue>, string]>([
    ['the data itself', issue(), ''],
    ['a member', issue('text'), 'text'],
    ['a member of an item', issue('items', 2, 'price'), 'items[2].price'],
    [
      'segments that are objects',
      issue({ key: 'items' }, { key: 2 }, { key: 'price' }),
      'items[2].price',
    ],
    ['an item of the data', issue(0), '[0]'],
    ['a member of an item of the data', issue(0, 'a'), '[0].a'],
    ['indices written as text', issue('items', '12'), 'items[12]'],
    ['names of any kind', issue('_a', '$b', 'c9'), '_a.$b.c9'],
    ['keys that are no names', issue('prices', 'my secret', 'net'), 'prices.*.net'],
    ['such a key in front', issue('my-secret'), '*'],
    ['an empty key', issue('a', ''), 'a.*'],
    ['a name in another script', issue('имя'), '*'],
    ['what is no index', issue('a', -1, 1.5), 'a.*.*'],
    ['a symbol', issue(Symbol('secret')), '*'],
  ])('names %s', (_, one, expected) => {
    expect(issuePaths([one])).toEqual([expected]);
  });

  it('takes an issue without a path for one of the data itself', () => {
    expect(issuePaths([{ message: 'secret' }])).toEqual(['']);
  });

  it('names a path once, and ten of them', () => {
    expect(issuePaths([issue('a'), issue('b'), issue('a')])).toEqual(['a', 'b']);
    const many = Array.from({ length: 1_000 }, (_, index) => issue('items', index));
    expect(issuePaths(many)).toEqual(Array.from({ length: 10 }, (_, index) => `items[${index}]`));
  });

  it('cuts a path to 64 characters', () => {
    expect(issuePaths([issue('a'.repeat(10_000))])).toEqual(['a'.repeat(64)]);
    expect(issuePaths([issue(...Array.from({ length: 10_000 }, () => 'abc'))])[0]).toHaveLength(64);
  });

  it('begins with the property that the schema was asked about', () => {
    expect(issuePaths([issue(), issue('a'), issue(3)], 'item')).toEqual([
      'item',
      'item.a',
      'item[3]',
    ]);
  });
});

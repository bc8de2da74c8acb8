import { loadKey } from '../../src/admission/verification-key.js';
import { RoomGateway } from '../../src/gateway/room-gateway.decorator.js';
import { RedisStore } from '../../src/redis/store.js';
import { SystemClock } from '../../src/core/clock.js';
import { checkOptions, flag, integer, listOf, quote } from '../../src/core/option-rules.js';
import { refused } from '../support/caught.js';

const RULES = { count: integer(1, 3), isOn: flag, names: listOf('names', (item) => item === 'a') };

describe('checkOptions', () => {
  it('has nothing against what makes sense, nor against nothing', () => {
    expect(
      refused(() => checkOptions({ count: 3, isOn: false, names: [] }, RULES)),
    ).toBeUndefined();
    expect(refused(() => checkOptions({}, RULES))).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ count: 0 }, 'Expected option "count" to be an integer from 1 to 3, got "0".'],
    [{ count: 1.5 }, 'Expected option "count" to be an integer from 1 to 3, got "1.5".'],
    [{ count: '2' }, 'Expected option "count" to be an integer from 1 to 3, got "2".'],
    [{ count: NaN }, 'Expected option "count" to be an integer from 1 to 3, got "NaN".'],
    [{ count: Infinity }, 'Expected option "count" to be an integer from 1 to 3, got "Infinity".'],
    [{ count: 2n }, 'Expected option "count" to be an integer from 1 to 3, got "[object BigInt]".'],
    [{ isOn: 'yes' }, 'Expected option "isOn" to be true or false, got "yes".'],
    [{ names: 'a' }, 'Expected option "names" to be a list of names, got "a".'],
    [
      { names: ['a', 'b'] },
      'Expected option "names" to be a list of names, got "[\\"a\\",\\"b\\"]".',
    ],
    [
      { cuont: 1 },
      'Unknown option "cuont": did you mean "count"? Known options: count, isOn, names.',
    ],
    [
      { toString: 1 },
      'Unknown option "toString": did you mean "count"? Known options: count, isOn, names.',
    ],
  ])('refuses %p in a sentence', (options, message) => {
    expect(refused(() => checkOptions(options, RULES))).toEqual({
      code: 'invalid_options',
      message,
    });
  });

  it('refuses a __proto__ option as unknown', () => {
    const options = JSON.parse('{"__proto__":{}}') as object;
    expect(refused(() => checkOptions(options, RULES))?.message).toMatch(
      'Unknown option "__proto__"',
    );
  });
});

describe('A misspelt name', () => {
  it.each<[string, () => unknown, string]>([
    [
      'an option of @RoomGateway',
      () => RoomGateway('/:room', { polcy: Object } as object),
      'Unknown option "polcy" of @RoomGateway("/:room"): did you mean "policy"?',
    ],
    [
      'a member of a key',
      () => loadKey({ kdi: 'a', key: 'x' } as never, 1, ['ES256'], 'of issuer "x"'),
      'Unknown member "kdi" of key 1 of issuer "x": did you mean "kid"?',
    ],
    [
      'an option of Redis',
      () => new RedisStore({ replyTimeoutMS: 1 } as never, new SystemClock(), []),
      'Unknown option "replyTimeoutMS": did you mean "replyTimeoutMs"?',
    ],
  ])('is refused with the nearest one: %s', (_what, make, message) => {
    expect(refused(make)).toEqual({
      code: 'invalid_options',
      message: expect.stringContaining(message),
    });
  });
});

describe('quote', () => {
  const cycle: Record<string, unknown> = {};
  cycle.itself = cycle;

  it.each<[string, unknown, string]>([
    ['text', 'a', '"a"'],
    ['text with line breaks and quotes', 'a\n"b"', '"a\\n\\"b\\""'],
    ['a list', [1, 'a'], '"[1,\\"a\\"]"'],
    ['nothing', undefined, '"undefined"'],
    ['null', null, '"null"'],
    ['a symbol', Symbol.for('a'), '"Symbol(a)"'],
    ['a cycle', cycle, '"[object Object]"'],
    ['a regular expression', /a/, '"{}"'],
  ])('writes %s on one line', (_name, value, text) => {
    expect(quote(value)).toBe(text);
  });

  it('cuts what is longer than 64 characters', () => {
    expect(quote('x'.repeat(64))).toBe(`"${'x'.repeat(64)}"`);
    expect(quote('x'.repeat(65))).toBe(`"${'x'.repeat(64)}…"`);
    expect(quote(Array.from({ length: 99 }, () => 1))).toHaveLength(67);
  });

  it('never writes what stands under key, keys or secret', () => {
    for (const name of ['key', 'keys', 'secret'])
      for (const value of [
        { [name]: 'canary' },
        [{ [name]: ['canary'] }],
        { a: { [name]: { b: 'canary' } } },
      ])
        expect(quote(value)).not.toContain('canary');
  });
});

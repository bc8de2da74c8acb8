import { describeError, RoomgateError } from '../../src/core/errors.js';
import { caught } from '../support/caught.js';

describe('RoomgateError', () => {
  it('is an Error with a code to match on', () => {
    const cause = new Error('why');
    const error = new RoomgateError('invalid_data', 'A sentence.', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'RoomgateError', code: 'invalid_data', cause });
    expect(error.message).toBe('A sentence.');
  });
});

describe('describeError', () => {
  it('says what kind of error it was and where it was thrown, without its message', () => {
    const lines = describeError(new TypeError('canary')).split('\n');
    expect(lines[0]).toBe('TypeError');
    expect(lines[1]).toMatch(/^\s+at .*errors\.spec/);
    expect(lines.join()).not.toContain('canary');
  });

  it('says our own words about data, which name no value, on one line', () => {
    const error = new RoomgateError('invalid_data', 'The data of "said"\ndoes not fit at text.');
    expect(describeError(error).split('\n')[0]).toBe(
      'RoomgateError (invalid_data) "The data of \\"said\\"\\ndoes not fit at text."',
    );
    expect(describeError(new RoomgateError('unknown_room_name', 'canary'))).not.toContain('canary');
  });

  it('says the code of a system error, cut', () => {
    const error = Object.assign(new Error('canary'), { code: 'ECONNRESET' });
    expect(describeError(error)).toMatch(/^Error \(ECONNRESET\)\n/);
    const long = Object.assign(new Error('canary'), { code: 'x'.repeat(65) });
    expect(describeError(long)).toMatch(/^Error \(x{64}\)\n/);
    expect(describeError(Object.assign(new Error('a'), { code: 7 }))).toMatch(/^Error\n/);
  });

  it.each<[string, () => unknown]>([
    ['a parser that quotes its input', () => caught(() => JSON.parse('{"a": canary}'))],
    [
      'input that looks like a stack',
      () => caught(() => JSON.parse('?\n    at canary (canary.js:1:1)')),
    ],
    [
      'a message that looks like a stack',
      () => new Error('a\n    at canary (canary.js:1:1)\n    at canary'),
    ],
    [
      'a message that was changed afterwards',
      () => Object.assign(new Error('x\n    at canary'), { message: 'y' }),
    ],
    [
      'a stack whose message was another one',
      () => Object.assign(new Error('other'), { stack: 'Error: x\n    at canary' }),
    ],
    [
      'a message that repeats itself',
      () => new Error('Error\n    at canary\nError\n    at canary'),
    ],
  ])('never repeats %s', (_name, make) => {
    const error = make();
    expect(error).toBeInstanceOf(Error);
    expect(describeError(error)).not.toContain('canary');
    expect(describeError(error)).toMatch(/^(Syntax)?Error/);
  });

  it('gets along without a stack', () => {
    expect(describeError(Object.assign(new Error('canary'), { stack: undefined }))).toBe('Error');
  });

  it.each<[unknown, string]>([
    ['canary', 'a thrown string'],
    [undefined, 'a thrown undefined'],
    [null, 'a thrown object'],
    [{ message: 'canary' }, 'a thrown object'],
  ])('says of %p no more than its type', (thrown, text) => {
    expect(describeError(thrown)).toBe(text);
  });
});

describe('describeError with the message', () => {
  const told = (error: unknown, about?: string): string =>
    describeError(error, { withMessage: true, about });

  it('says name, message and what it is about on the first line, then the stack', () => {
    const [first, second] = told(new TypeError('a "b"\nc'), 'request r1').split('\n');
    expect(first).toBe('TypeError "a \\"b\\"\\nc", request r1');
    expect(second).toMatch(/^\s+at .*errors\.spec/);
  });

  it('cuts a long message, and leaves out what looks like a token', () => {
    expect(told(new Error('x'.repeat(1_000))).split('\n')[0]).toBe(`Error "${'x'.repeat(300)}…"`);
    const error = new Error('bad: eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln!');
    expect(told(error).split('\n')[0]).toBe('Error "bad: eyJ…!"');
  });

  it('says what it was caused by, and does not go round in circles', () => {
    const error = new Error('a');
    error.cause = new TypeError('b', { cause: error });
    const causes = told(error)
      .split('\n')
      .filter((line) => line.includes('caused by'));
    expect(causes).toEqual([
      '    caused by TypeError "b"',
      '    caused by Error "a"',
      '    caused by TypeError "b"',
    ]);
  });

  it.each<[unknown, string]>([
    ['words', 'a thrown string "words"'],
    [7, 'a thrown number'],
    [undefined, 'a thrown undefined'],
  ])('says of %p its type, and the text of a text', (thrown, text) => {
    expect(told(thrown)).toBe(text);
  });

  it('gets along with an error whose members throw', () => {
    const error = Object.defineProperty(new Error('a'), 'message', {
      get: () => {
        throw new Error('b');
      },
    });
    expect(told(error)).toBe('an error that cannot be described');
  });
});

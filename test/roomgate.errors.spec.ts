import { describeError, RoomgateError } from '../src/roomgate.errors.js';
import { caught } from './support/caught.js';

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
    expect(lines[1]).toMatch(/^\s+at .*roomgate\.errors\.spec/);
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

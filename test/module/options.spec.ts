import {
  DEFAULTS,
  isStrict,
  resolveOptions,
  type RoomgateModuleOptions,
} from '../../src/module/options.js';
import { refused } from '../support/caught.js';

describe('resolveOptions', () => {
  it('gives the defaults where nothing was given', () => {
    expect(resolveOptions({}, false)).toEqual({ ...DEFAULTS, strict: false });
    expect(resolveOptions(undefined, false)).toEqual({ ...DEFAULTS, strict: false });
  });

  it('lays what was given over the defaults; undefined counts as absent', () => {
    const options = resolveOptions({ realm: 'chat', hideRooms: undefined, maxStrikes: 3 }, false);
    expect(options).toEqual({ ...DEFAULTS, realm: 'chat', maxStrikes: 3, strict: false });
  });

  it('is frozen, and leaves what was given alone', () => {
    const given: RoomgateModuleOptions = { realm: 'chat' };
    expect(Object.isFrozen(resolveOptions(given, false))).toBe(true);
    expect(Object.isFrozen(DEFAULTS)).toBe(true);
    expect(Object.isFrozen(given)).toBe(false);
  });

  it('accepts its own defaults when they are spelled out', () => {
    expect(resolveOptions({ ...DEFAULTS }, false)).toEqual({ ...DEFAULTS, strict: false });
  });

  it('has the defaults of the design', () => {
    expect(DEFAULTS).toMatchObject({
      maxMessageBytes: 64 * 1024,
      maxTokenBytes: 8 * 1024,
      verdictDeadlineMs: 5_000,
      maxTokenLifeMs: 24 * 60 * 60 * 1_000,
      clockToleranceMs: 5_000,
      maxOutboxBytes: 1024 * 1024,
      maxInboxMessages: 64,
      handlerTimeoutMs: 30_000,
      maxFragments: 64,
      maxBufferedChunks: 1_024,
      maxPendingAutoPongs: 16,
      useGlobalPrefix: false,
      allowWildcardRooms: false,
    });
  });

  it.each<[string, object, string]>([
    [
      'an unknown option',
      { isuers: [] },
      'Unknown option "isuers": did you mean "issuers"? Known options: allowPlainGateways, ',
    ],
    ['strict, which is no option', { strict: false }, 'Unknown option "strict": did you mean '],
    [
      'null for a number',
      { maxStrikes: null },
      'Expected option "maxStrikes" to be an integer from 1 to 1000000, got "null".',
    ],
    ['a number in text', { maxStrikes: '10' }, 'Expected option "maxStrikes" to be an integer'],
    [
      'a timer that Node would let fire at once',
      { handlerTimeoutMs: 2 ** 31 },
      'Expected option "handlerTimeoutMs" to be an integer from 1 to 2147483647, got "2147483648".',
    ],
    [
      'an object for a plain gateway',
      { allowPlainGateways: [{}] },
      'Expected option "allowPlainGateways" to be a list of gateway classes, got "[{}]".',
    ],
    [
      'a credential among the carried headers',
      { carriedHeaders: ['cookie'] },
      'Expected option "carriedHeaders" to be a list of lower-case header names other than authorization, cookie, ',
    ],
    [
      'a carried header in capitals',
      { carriedHeaders: ['User-Agent'] },
      'Expected option "carriedHeaders"',
    ],
  ])('refuses %s in a sentence', (_name, options, message) => {
    const refusal = refused(() => resolveOptions(options, false));
    expect(refusal?.code).toBe('invalid_options');
    expect(refusal?.message).toContain(message);
  });

  it('never quotes keys, not even when the list around them was forgotten', () => {
    const issuer = { keys: [{ secret: 'canary' }], secret: 'canary', key: 'canary' };
    const refusal = refused(() => resolveOptions({ issuers: issuer } as never, false));
    expect(refusal?.message).toMatch('Expected option "issuers" to be a list of issuers, got ');
    expect(refusal?.message).not.toContain('canary');
  });

  it('asks for no hosts in strict mode, where only a bearer token opens the door', () => {
    for (const options of [{}, { allowedHosts: [] }, { allowedHosts: undefined }])
      expect(resolveOptions(options, true)).toMatchObject({ strict: true, allowedHosts: [] });
  });
});

describe('isStrict', () => {
  const before = process.env.NODE_ENV;
  afterEach(() => (process.env.NODE_ENV = before));

  it.each(['development', 'test'])('is relaxed in %s', (name) => {
    expect(isStrict(name)).toBe(false);
    process.env.NODE_ENV = name;
    expect(isStrict()).toBe(false);
    expect(resolveOptions({}).strict).toBe(false);
  });

  it.each(['', 'production', 'Development', 'TEST', 'test ', 'dev', 'staging', 'undefined'])(
    'is strict in "%s"',
    (name) => {
      expect(isStrict(name)).toBe(true);
      process.env.NODE_ENV = name;
      expect(isStrict()).toBe(true);
    },
  );

  it('is strict when nobody said anything', () => {
    delete process.env.NODE_ENV;
    expect(isStrict()).toBe(true);
    expect(resolveOptions({}).strict).toBe(true);
  });
});

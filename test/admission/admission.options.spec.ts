import type { RoomgateModuleOptions } from '../../src/index.js';
import { resolveOptions } from '../../src/module/options.js';
import { refused } from '../support/caught.js';

const resolve = (options: object): ReturnType<typeof resolveOptions> =>
  resolveOptions(options as RoomgateModuleOptions, false);

describe('the options of admission', () => {
  it.each<[keyof RoomgateModuleOptions, readonly unknown[]]>([
    ['issuers', [[]]],
    ['realm', ['chat', 'The chat of example.com', 'x'.repeat(64)]],
    ['clockToleranceMs', [0, 300_000]],
    ['maxTokenLifeMs', [1_000, Number.MAX_SAFE_INTEGER]],
    ['maxTokenBytes', [256, 16_384]],
    ['verdictDeadlineMs', [1, 2 ** 31 - 1]],
    [
      'allowedHosts',
      [[], ['chat.example.com'], ['localhost:3000', '127.0.0.1', '[::1]:3000', 'chat_1']],
    ],
    [
      'allowedOrigins',
      [[], ['https://app.example.com'], ['capacitor://localhost', 'http://[::1]:1']],
    ],
    ['allowWildcardRooms', [true, false]],
    ['hideRooms', [true, false]],
    ['maxAuthorityStalenessMs', [1_000, 2 ** 31 - 1]],
    ['onStaleAuthority', ['keep', 'mute']],
  ])('%s takes what makes sense', (name, values) => {
    for (const value of values) expect(resolve({ [name]: value })).toHaveProperty(name, value);
  });

  it.each<[keyof RoomgateModuleOptions, string, readonly unknown[]]>([
    ['issuers', 'a list of issuers', [null, {}, 'https://id.test', new Map()]],
    [
      'realm',
      'printable ASCII of at most 64 characters without quotes and backslashes',
      ['', 'a"b', 'a\\b', 'a\r\nSet-Cookie: x=y', 'ä', 'x'.repeat(65), 7, null, ['chat']],
    ],
    ['clockToleranceMs', 'an integer from 0 to 300000', [-1, 300_001, 0.5, NaN, Infinity, '5000']],
    ['maxTokenLifeMs', 'an integer from 1000 to 9007199254740991', [999, Infinity, null, '1d']],
    ['maxTokenBytes', 'an integer from 256 to 16384', [255, 16_385]],
    ['verdictDeadlineMs', 'an integer from 1 to 2147483647', [0, 2 ** 31, Infinity]],
    ['maxAuthorityStalenessMs', 'an integer from 1000 to 2147483647', [0, 999, 2 ** 31, Infinity]],
    ['onStaleAuthority', 'one of keep, mute', ['close', '', true, null]],
    [
      'allowedHosts',
      'a list of hosts in lower case such as "chat.example.com" or "localhost:3000"',
      ['chat.test', ['*'], ['Chat.test'], ['https://chat.test'], ['a b'], [''], [7], ['a:123456']],
    ],
    [
      'allowedOrigins',
      'a list of origins in lower case such as "https://app.example.com" ("*" and "null" can never be listed)',
      [
        'https://app.test',
        ['*'],
        ['null'],
        [null],
        [''],
        ['app.test'],
        ['https://*.app.test'],
        ['https://app.test/'],
        ['https://app.test?x'],
        ['https://app.test#x'],
        ['https://App.test'],
        ['HTTPS://app.test'],
        ['//app.test'],
        [/app/],
      ],
    ],
    ['allowWildcardRooms', 'true or false', ['true', 1, null]],
    ['hideRooms', 'true or false', ['false', 0, null]],
  ])('%s has to be %s', (name, expected, values) => {
    for (const value of values) {
      const refusal = refused(() => resolve({ [name]: value }));
      expect(refusal?.code).toBe('invalid_options');
      expect(refusal?.message).toMatch(`Expected option "${name}" to be ${expected}, got `);
    }
  });
});

import { reasonOf } from '../../../src/redis/network/session.js';

describe('Why Redis cannot be used', () => {
  it.each<[unknown, string]>([
    [new Error('NOAUTH Authentication required.'), 'NOAUTH'],
    [new Error("WRONGPASS invalid username-password pair 'canary'"), 'WRONGPASS'],
    [
      Object.assign(new Error('connect ECONNREFUSED 1.2.3.4:6379'), { code: 'ECONNREFUSED' }),
      'ECONNREFUSED',
    ],
    [
      Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ],
    [new TypeError('canary'), 'TypeError'],
    [new Error('CANARY is not the password'), 'Error'],
    [Object.assign(new Error('x'), { name: 'canary\nline' }), 'Error'],
    [Object.assign(new Error('canary'), { code: 'canary of 1' }), 'Error'],
    [Object.assign(new Error('canary'), { code: 17 }), 'Error'],
    ['canary', 'unknown'],
    [undefined, 'unknown'],
  ])('is told in one word of a known kind: %s', (error, word) => {
    expect(reasonOf(error)).toBe(word);
  });
});

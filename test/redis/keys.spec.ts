import fc from 'fast-check';
import { RedisKeys } from '../../src/redis/keys.js';
import { refused } from '../support/caught.js';
import { propertyRuns } from '../support/property-runs.js';

/** As Redis Cluster finds it: between the first brace and the next closing one. */
const hashTagOf = (name: string): string => name.slice(name.indexOf('{') + 1, name.indexOf('}'));

const namesOf = (namespace: string, key: string): string[] => {
  const { channel, room, presence } = new RedisKeys(namespace).of(key);
  return [...new Set([channel, ...room, ...presence])];
};

const namespaces = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9:._-]{0,8}$/);
const rooms = fc.stringMatching(/^[a-z:|/-]{1,8}$/);

describe('Names in Redis', () => {
  it.each([
    '',
    'a b',
    'a|b',
    'a{b',
    'a}b',
    'a*',
    'a\n',
    'ä',
    ':a',
    'a'.repeat(65),
    undefined,
    null,
    7,
    ['chat'],
  ])('do not begin with the namespace %j', (namespace) => {
    expect(refused(() => new RedisKeys(namespace as string))?.code).toBe('invalid_options');
  });

  it.each(['a', 'chat', 'Chat-1.eu_west:blue', 'a'.repeat(64)])(
    'may begin with the namespace %j',
    (namespace) => {
      expect(new RedisKeys(namespace).of('default/a').tag).toBe(`${namespace}|default/a`);
    },
  );

  it('all stand behind the hash tag of their room, and within the namespace', () => {
    fc.assert(
      fc.property(namespaces, rooms, (namespace, key) => {
        const { tag } = new RedisKeys(namespace).of(key);
        for (const name of namesOf(namespace, key)) {
          expect(hashTagOf(name)).toBe(tag);
          expect(name.startsWith(`{${namespace}|`)).toBe(true);
        }
      }),
      propertyRuns(200),
    );
  });

  it('of two rooms, or of one room in two namespaces, are never the same', () => {
    fc.assert(
      fc.property(namespaces, namespaces, rooms, rooms, (one, other, key, otherKey) => {
        fc.pre(one !== other || key !== otherKey);
        const names = namesOf(other, otherKey);
        expect(namesOf(one, key).filter((name) => names.includes(name))).toEqual([]);
      }),
      propertyRuns(300),
    );
  });

  it('are eight of a room, and its channel is that of the room itself', () => {
    const { channel, room, presence } = new RedisKeys('chat').of('default/a');
    expect(new Set([...room, ...presence]).size).toBe(8);
    expect(channel).toBe(room[0]);
  });
});

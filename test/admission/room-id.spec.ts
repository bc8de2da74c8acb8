import fc from 'fast-check';
import { parseRoomId, type RoomId } from '../../src/index.js';
import { isRoomKey, isRoomName, roomKey, toRoomId } from '../../src/admission/room-id.js';
import { refused } from '../support/caught.js';
import { propertyRuns } from '../support/property-runs.js';

const ID = '0b5e2f6a-0000-4000-8000-00000000abcd';

describe('parseRoomId', () => {
  it.each([
    ['version 4', '3f2b8c1e-9a4d-4c6e-8f1a-2b3c4d5e6f70'],
    ['version 7', '01890a5d-ac96-774b-bcce-b302099a8057'],
    ['the nil UUID', '00000000-0000-0000-0000-000000000000'],
    ['the max UUID', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  ])('knows %s', (_name, text) => {
    expect(parseRoomId(text)).toBe(text);
  });

  it('makes one room of every spelling', () => {
    expect(parseRoomId(ID.toUpperCase())).toBe(ID);
    fc.assert(
      fc.property(fc.uuid(), fc.mixedCase(fc.constant(ID)), (uuid, mixed) => {
        expect(parseRoomId(uuid.toUpperCase())).toBe(uuid);
        expect(parseRoomId(mixed)).toBe(ID);
      }),
      propertyRuns(100),
    );
  });

  it.each<[string, unknown]>([
    ['empty text', ''],
    ['text', 'general'],
    ['a UUID without dashes', ID.replaceAll('-', '')],
    ['a UUID in braces', `{${ID}}`],
    ['a URN', `urn:uuid:${ID}`],
    ['a UUID with a line break', `${ID}\n`],
    ['a UUID with a space before it', ` ${ID}`],
    ['dashes elsewhere', '0b5e2f6a0-000-4000-8000-00000000abcd'],
    ['a letter beyond f', `g${ID.slice(1)}`],
    ['a letter that becomes ASCII in lower case', `\u212a${ID.slice(1)}`],
    ['a wide digit', `\uff10${ID.slice(1)}`],
    ['a number', 7],
    ['nothing', undefined],
    ['null', null],
    ['a list', [ID]],
    ['an object that reads like one', { toString: () => ID, length: 36 }],
  ])('does not take %s for one', (_name, text) => {
    expect(parseRoomId(text)).toBeUndefined();
  });
});

describe('toRoomId', () => {
  it('gives the canonical id or says what it expected, without quoting', () => {
    expect(toRoomId(ID.toUpperCase())).toBe(ID);
    expect(refused(() => toRoomId('canary'))).toEqual({
      code: 'invalid_room_id',
      message: 'Expected a room id to be a UUID.',
    });
  });
});

describe('isRoomName', () => {
  it.each(['a', 'default', 'orders-v2', 'a_1', 'x'.repeat(64)])('takes %s', (name) => {
    expect(isRoomName(name)).toBe(true);
  });

  it.each(['', 'A', '1a', '-a', 'a/b', 'a b', 'a:b', 'a\n', 'ä', 'x'.repeat(65), null, ['a']])(
    'does not take %j',
    (name) => {
      expect(isRoomName(name)).toBe(false);
    },
  );
});

describe('roomKey', () => {
  it.each([
    '',
    ID,
    `/${ID}`,
    'orders',
    'orders/',
    `Orders/${ID}`,
    `orders/${ID.toUpperCase()}`,
    `orders/${ID}/`,
    `a/orders/${ID}`,
    '~orders',
    null,
    7,
    [`orders/${ID}`],
  ])('is known from what is none: %j', (text) => {
    expect(isRoomKey(text)).toBe(false);
    expect(isRoomKey(roomKey('orders', ID as RoomId))).toBe(true);
  });

  it('keeps rooms of different names apart', () => {
    const id = ID as RoomId;
    expect(roomKey('orders', id)).toBe(`orders/${ID}`);
    const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,63}$/);
    fc.assert(
      fc.property(name, name, fc.uuid(), fc.uuid(), (one, other, a, b) => {
        const isSame = one === other && a === b;
        expect(roomKey(one, a as RoomId) === roomKey(other, b as RoomId)).toBe(isSame);
      }),
      propertyRuns(100),
    );
  });
});

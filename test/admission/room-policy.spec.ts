import { randomUUID } from 'node:crypto';
import { type RoomAccess, RoomPolicy, RoomsClaimPolicy, type RoomId } from '../../src/index.js';
import { createPrincipal, freezeJson } from '../../src/admission/principal.js';
import type { RegisteredClaims } from '../../src/admission/principal.js';

const ROOM = '3f2b8c1e-9a4d-4c6e-8f1a-2b3c4d5e6f70' as RoomId;
const OTHER = '01890a5d-ac96-774b-bcce-b302099a8057';

function access(rooms: unknown): RoomAccess {
  const claims = freezeJson({ iss: 'i', sub: 's', iat: 1, exp: 2, rooms }) as RegisteredClaims;
  return { roomName: 'default', room: ROOM, principal: createPrincipal(claims, 0) };
}

const many = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

describe('RoomsClaimPolicy', () => {
  const closed = new RoomsClaimPolicy(false);
  const wild = new RoomsClaimPolicy(true);

  it('lets those in whose token lists the room', () => {
    expect(closed.join(access([ROOM]))).toBe(true);
    expect(closed.join(access([OTHER, ROOM]))).toBe(true);
    expect(closed.join(access([...many(999), ROOM]))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['is missing', undefined],
    ['is null', null],
    ['is true', true],
    ['is empty', []],
    ['lists other rooms', [OTHER]],
    ['is text that holds the room', ROOM],
    ['is text with the room in a longer list', `${OTHER},${ROOM}`],
    ['is an object with the room as a member', { [ROOM]: true }],
    ['looks like a list', { 0: ROOM, length: 1 }],
    ['has the room inside another list', [[ROOM]]],
    ['spells the room in capitals', [ROOM.toUpperCase()]],
    ['has something beside the room that is none', [ROOM, 'general']],
    ['has a number beside the room', [ROOM, 1]],
    ['has null beside the room', [ROOM, null]],
    ['has undefined beside the room', [ROOM, undefined]],
    ['has 1,001 elements', [...many(1_000), ROOM]],
  ])('lets nobody in whose claim %s', (_name, rooms) => {
    expect(closed.join(access(rooms))).toBe(false);
    expect(wild.join(access(rooms))).toBe(false);
  });

  it('takes the star for every room only when it was switched on', () => {
    for (const rooms of [['*'], [OTHER, '*']]) {
      expect(closed.join(access(rooms))).toBe(false);
      expect(wild.join(access(rooms))).toBe(true);
    }
  });

  it.each<[string, unknown]>([
    ['as text', '*'],
    ['as part of an element', ['3f2b8c1e-*']],
    ['twice in an element', ['**']],
    ['beside something that is no room', ['*', 'general']],
    ['in a list of its own', [['*']]],
  ])('takes a star %s for nothing', (_name, rooms) => {
    expect(wild.join(access(rooms))).toBe(false);
  });

  it('finds no rooms in a prototype', () => {
    const claims = JSON.parse(`{"__proto__":{"rooms":["${ROOM}"]}}`) as object;
    const principal = createPrincipal(
      freezeJson({ ...claims, iss: 'i', sub: 's', iat: 1, exp: 2 }) as RegisteredClaims,
      0,
    );
    expect(closed.join({ ...access([]), principal })).toBe(false);
  });

  it('lets every member speak', () => {
    expect(closed.publish(access([ROOM]))).toBe(true);
  });
});

describe('RoomPolicy', () => {
  it('lets every member speak unless a subclass says otherwise', () => {
    class Silent extends RoomPolicy {
      join(): boolean {
        return true;
      }
      override publish(): boolean {
        return false;
      }
    }
    class Open extends RoomPolicy {
      join(): boolean {
        return true;
      }
    }
    expect(new Open().publish(access([]))).toBe(true);
    expect(new Silent().publish()).toBe(false);
  });
});

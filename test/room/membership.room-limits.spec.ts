import type { RoomKey } from '../../src/admission/room-id.js';
import { LocalRoom } from '../../src/room/local-room.js';
import { RoomLimits } from '../../src/room/membership.js';
import { SettingsOfRooms } from '../../src/room/room-settings.js';
import { Turn } from '../../src/connection/outbox.js';
import { resolveOptions, type RoomgateModuleOptions } from '../../src/module/options.js';
import { refused } from '../support/caught.js';

const turn = new Turn(() => 0);

function limitsOf(given: RoomgateModuleOptions): RoomLimits {
  const options = resolveOptions(given, false);
  return new RoomLimits(new SettingsOfRooms(options), options);
}

const room = (creator?: string): LocalRoom => new LocalRoom('default/a' as RoomKey, turn, creator);
const codeOf = (act: () => void): string | undefined => refused(act)?.code;

describe('RoomLimits', () => {
  it('lets as many rooms be as there may be, whoever asks for one more', () => {
    const limits = limitsOf({ maxRooms: 2 });
    expect(codeOf(() => limits.checkNewRoom(1, 'alice'))).toBeUndefined();
    expect(codeOf(() => limits.checkNewRoom(2, 'alice'))).toBe('too_many_rooms');
    expect(codeOf(() => limits.checkNewRoom(2, undefined))).toBe('too_many_rooms');
  });

  it('lets one subject be the first in as many as it may, and others in theirs', () => {
    const limits = limitsOf({ maxRoomsPerSubject: 2 });
    const [first, second] = [room('alice'), room('alice')];
    limits.created(first);
    expect(codeOf(() => limits.checkNewRoom(1, 'alice'))).toBeUndefined();
    limits.created(second);
    expect(refused(() => limits.checkNewRoom(2, 'alice'))).toEqual({
      code: 'too_many_rooms',
      message: 'There are as many rooms of one subject as maxRoomsPerSubject allows.',
    });
    expect(codeOf(() => limits.checkNewRoom(2, 'bob'))).toBeUndefined();
    limits.destroyed(first);
    expect(codeOf(() => limits.checkNewRoom(1, 'alice'))).toBeUndefined();
  });

  it('counts rooms that nobody in particular asked for to nobody', () => {
    const limits = limitsOf({ maxRoomsPerSubject: 1 });
    for (let n = 0; n < 5; n++) limits.created(room());
    expect(codeOf(() => limits.checkNewRoom(5, undefined))).toBeUndefined();
    limits.destroyed(room());
    limits.created(room('alice'));
    expect(codeOf(() => limits.checkNewRoom(6, 'alice'))).toBe('too_many_rooms');
  });

  it('never counts below nothing', () => {
    const limits = limitsOf({ maxRoomsPerSubject: 1 });
    const own = room('alice');
    limits.created(own);
    limits.destroyed(own);
    limits.destroyed(own);
    limits.created(own);
    expect(codeOf(() => limits.checkNewRoom(1, 'alice'))).toBe('too_many_rooms');
  });

  it('lets as many in as the rooms of a name may have, and others as many as all', () => {
    const limits = limitsOf({ maxMembersPerRoom: 3, rooms: { small: { maxMembers: 1 } } });
    const check = (key: string, holds: number): string | undefined =>
      codeOf(() => limits.checkNewMember(key as RoomKey, holds));
    expect([check('small/a', 0), check('small/a', 1)]).toEqual([undefined, 'room_full']);
    expect([check('other/a', 2), check('other/a', 3)]).toEqual([undefined, 'room_full']);
  });
});
